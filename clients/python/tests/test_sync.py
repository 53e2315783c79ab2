"""The client for programs that wait."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import unittest
from contextlib import redirect_stderr

import support
from patchbay import Patchbay, errors, find_binary, show_on_terminal, types


class Asking(support.TestCase):
    def test_the_pieces_of_an_answer_together_are_its_text(self):
        with self.client(Patchbay) as pb:
            stream = pb.stream("hi")
            pieces = list(stream)
            self.assertEqual("".join(pieces), "Hello from the loop.")
            self.assertEqual(stream.answer.text, "Hello from the loop.")
            self.assertEqual(stream.text, "Hello from the loop.")
            self.assertEqual(stream.answer.model, "loop/looped")
            self.assertEqual(stream.answer.stop_reason, "end")
            self.assertEqual(stream.answer.usage["input"], 7)
            self.assertAlmostEqual(stream.answer.cost["input"], 7e-6)

    def test_complete_gives_the_whole_answer_without_deltas(self):
        with self.client(Patchbay) as pb:
            self.assertEqual(str(pb.complete("!say one two")), "one two")

    def test_reasoning_is_apart_from_the_text(self):
        with self.client(Patchbay) as pb:
            deltas = list(pb.stream("!think").events())
            kinds = [delta["type"] for delta in deltas]
            self.assertEqual((kinds[0], kinds[-1]), ("start", "end"))
            self.assertLess(kinds.index("reasoning"), kinds.index("text"))
            answer = pb.complete("!think")
            self.assertEqual((answer.text, answer.reasoning), ("Seen.", "Let me see."))

    def test_options_are_those_of_the_protocol_in_snake_case(self):
        with self.client(Patchbay) as pb:
            pb.complete("hi", system="Be kind.", max_tokens=12, top_p=0.5)
            body = self.upstream.requests[-1]["body"]
            self.assertEqual(body["messages"][0]["content"], "Be kind.")
            self.assertIn(12, body.values())
            self.assertEqual(body["top_p"], 0.5)
            with self.assertRaisesRegex(TypeError, "no option max_token; did you mean max_tokens?"):
                pb.complete("hi", max_token=12)

    def test_a_client_may_have_a_provider_of_its_own(self):
        with self.client(Patchbay, provider="echo") as pb:
            self.assertEqual(pb.complete("hello there").model, "echo/echo")
            self.assertEqual(pb.complete("hello there", model="loop/looped").model, "loop/looped")

    def test_any_method_can_be_called(self):
        with self.client(Patchbay) as pb:
            models = pb.call("listModels", {"provider": "loop"})["models"]
            self.assertEqual([model["id"] for model in models], ["loop/looped"])
            self.assertEqual(pb.call("completeInline", {"prefix": "a", "suffix": "b"})["items"], [{"text": "filled"}])

    def test_threads_share_one_server(self):
        with self.client(Patchbay) as pb:
            answers = {}

            def ask(number):
                answers[number] = pb.complete(f"!say {number}").text

            threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(answers, {number: str(number) for number in range(20)})

    def test_five_thousand_pieces_arrive_whole(self):
        with self.client(Patchbay) as pb:
            text = "".join(pb.stream("!count 5000"))
            self.assertEqual(text, "".join(f"{number} " for number in range(1, 5001)))


class Ending(support.TestCase):
    def test_leaving_the_loop_cancels_the_request(self):
        with self.client(Patchbay) as pb:
            for _ in pb.stream("!wait"):
                break
            self.assertEqual(self.upstream.get("/ended/1")["ended"], "disconnected")

    def test_closing_cancels_the_request(self):
        with self.client(Patchbay) as pb:
            with pb.stream("!wait") as stream:
                self.assertEqual(next(stream), "waiting")
            self.assertEqual(self.upstream.get("/ended/1")["ended"], "disconnected")
            with self.assertRaises(errors.CancelledError):
                stream.answer

    def test_a_session_is_free_when_its_stream_is_closed(self):
        with self.client(Patchbay) as pb:
            session = pb.session("work")
            for _ in range(10):
                with session.stream("!wait") as stream:
                    next(stream)
                self.assertEqual(session.complete("!say on").text, "on")

    def test_an_interrupt_cancels_the_request(self):
        script = (
            "from patchbay import Patchbay\n"
            "pb = Patchbay()\n"
            "try:\n"
            "    for text in pb.stream('!wait'): print(text, flush=True)\n"
            "except KeyboardInterrupt:\n"
            "    print(pb.pid, flush=True); input(); print(pb.complete('!say on').text); pb.close()\n"
        )
        child = self.python(script)
        self.assertEqual(child.stdout.readline(), "waiting\n")
        child.send_signal(signal.SIGINT)
        self.assertRegex(child.stdout.readline(), r"^\d+$")
        self.assertEqual(self.upstream.get("/ended/1")["ended"], "disconnected")
        output, _ = child.communicate("\n")
        self.assertEqual(output, "on\n")

    def test_closing_the_client_leaves_no_process(self):
        pb = self.client(Patchbay)
        pb.start()
        pid = pb.pid
        stream = pb.stream("!wait")
        next(stream)
        pb.close()
        self.assert_gone(pid)
        self.assertEqual(self.upstream.get("/ended/1")["ended"], "disconnected")
        self.assertIsNone(pb.pid)

    def test_a_program_that_forgets_to_close_leaves_no_process(self):
        child = self.python("from patchbay import Patchbay\npb = Patchbay(); pb.start(); print(pb.pid)")
        output, _ = child.communicate()
        self.assertEqual(child.returncode, 0)
        self.assert_ended(int(output))

    def test_a_program_that_is_killed_leaves_neither_process_nor_request(self):
        child = self.python(
            "from patchbay import Patchbay\npb = Patchbay()\n"
            "for text in pb.stream('!wait'): print(pb.pid, flush=True)"
        )
        pid = int(child.stdout.readline())
        child.kill()
        self.assertEqual(self.upstream.get("/ended/1")["ended"], "disconnected")
        child.communicate()
        self.assert_ended(pid)

    def test_the_next_call_after_the_server_died_starts_another(self):
        with self.client(Patchbay) as pb:
            first = pb.pid
            stream = pb.stream("!wait")
            next(stream)
            os.kill(first, signal.SIGKILL)
            with self.assertRaisesRegex(errors.ServerExitedError, "by signal 9"):
                stream.answer
            self.assertEqual(pb.complete("!say again").text, "again")
            self.assertNotEqual(pb.pid, first)

    def python(self, script):
        """A program that uses the client."""
        child = subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**self.env, "PYTHONPATH": os.path.join(support.CLIENT, "src"), "PATCHBAY_BINARY": support.BINARY},
        )
        self.addCleanup(child.stdout.close)
        return child

    def assert_ended(self, pid):
        """Waits for a process that is nobody's child here to be gone: its end can be waited for by a descriptor."""
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        import select

        self.addCleanup(os.close, descriptor)
        self.assertTrue(select.select([descriptor], [], [], 20)[0], f"process {pid} goes on")


class Sessions(support.TestCase):
    def test_a_session_remembers_and_every_provider_has_its_own_thread(self):
        with self.client(Patchbay) as pb:
            trip = pb.session("trip")
            trip.complete("!say one")
            trip.complete("!say two")
            self.assertEqual(len(self.upstream.requests[-1]["body"]["messages"]), 3)
            self.assertEqual(trip.switch("echo")["thread"]["messageCount"], 0)
            self.assertEqual(trip.complete("hello").model, "echo/echo")
            self.assertEqual([entry["name"] for entry in pb.sessions()], ["trip"])
            trip.rename("journey")
            self.assertEqual(len(trip.info()["messages"]), 2)
            trip.delete()
            with self.assertRaises(errors.SessionNotFoundError):
                trip.info()

    def test_more_sessions_than_a_page_are_listed(self):
        with self.client(Patchbay) as pb:
            for number in range(3):
                pb.call("createSession", {"name": f"s{number}", "provider": "echo"})
            pages = pb.call("listSessions", {"limit": 2})
            self.assertEqual(len(pages["sessions"]), 2)
            self.assertEqual({entry["name"] for entry in pb.sessions()}, {"s0", "s1", "s2"})


class Errors(support.TestCase):
    def test_an_error_is_raised_by_its_kind(self):
        with self.client(Patchbay) as pb:
            with self.assertRaises(errors.RateLimitedError) as caught:
                pb.complete("!fail 429")
            self.assertEqual(caught.exception.retry_after, 2)
            self.assertTrue(caught.exception.hint)
            self.assertEqual(caught.exception.data["provider"], "loop")
            with self.assertRaises(errors.UpstreamInvalidError, msg="after some text") as cut:
                list(pb.stream("!cut"))
            self.assertIn("cut off", str(cut.exception))
            with self.assertRaises(errors.ProviderNotFoundError):
                pb.complete("hi", provider="nobody")

    def test_there_is_a_class_for_every_kind_of_the_protocol(self):
        self.assertEqual(set(errors.BY_KIND), set(types.ERROR_CODES))
        with open(os.path.join(support.TOP, "protocol", "openrpc.json"), encoding="utf-8") as file:
            document = json.load(file)["components"]["errors"]
        self.assertEqual({kind: error["code"] for kind, error in document.items()}, types.ERROR_CODES)

    def test_every_kind_can_come_from_the_server(self):
        with self.client(Patchbay) as pb:
            for kind in ("overloaded", "timeout", "quotaExceeded", "contentFiltered"):
                with self.assertRaises(errors.BY_KIND[kind]):
                    pb.complete("some words", model=f"echo/fail:{kind}")

    def test_a_kind_that_is_not_known_yet_is_an_error_all_the_same(self):
        error = errors.from_wire({"code": -1, "message": "New.", "data": {"kind": "new"}})
        self.assertEqual((type(error), str(error), error.retry_after), (errors.PatchbayError, "New.", None))

    def test_a_missing_program_is_named(self):
        with self.assertRaisesRegex(errors.BinaryNotFoundError, "/nowhere/patchbay"):
            find_binary("/nowhere/patchbay")
        os.environ.pop("PATCHBAY_BINARY")
        path = os.environ["PATH"]
        self.addCleanup(os.environ.__setitem__, "PATH", path)
        os.environ["PATH"] = os.path.dirname(support.BINARY)
        self.assertEqual(find_binary(), support.BINARY)

    def test_a_program_that_is_no_patchbay_is_an_error_and_no_hang(self):
        with self.assertRaises(errors.ServerExitedError):
            self.client(Patchbay, binary="/bin/true").start()


class LoggingIn(support.TestCase):
    def test_a_key_is_asked_for(self):
        asked = []

        def answer(prompt):
            asked.append(prompt)
            return "sk-test-0123456789"

        with self.client(Patchbay, on_prompt=answer) as pb:
            result = pb.login("openai", method="apiKey")
            self.assertEqual((result["provider"], result["method"]), ("openai", "apiKey"))
            self.assertTrue(asked[0]["secret"])
            states = pb.call("loginStatus", {"provider": "openai"})["providers"]
            self.assertEqual(states[0]["source"], "authFile")
            self.assertTrue(pb.logout("openai")["removed"])

    def test_a_person_may_decline(self):
        with self.client(Patchbay, on_prompt=lambda prompt: None) as pb:
            with self.assertRaises(errors.CancelledError):
                pb.login("openai", method="apiKey")

    def test_without_prompts_a_text_is_handed_over(self):
        prompts = []

        def show(prompt):
            prompts.append(prompt)
            pb.login_input(prompt["loginId"], "sk-test-0123456789")

        with self.client(Patchbay, on_login=show) as pb:
            self.assertEqual(pb.login("openai", method="apiKey")["method"], "apiKey")
            self.assertEqual(prompts[0]["kind"], "pasteCode")

    def test_a_key_can_be_given_at_once(self):
        with self.client(Patchbay) as pb:
            self.assertEqual(pb.login("groq", api_key="gsk_test")["provider"], "groq")

    def test_a_login_is_shown_on_the_terminal(self):
        said = io.StringIO()
        with redirect_stderr(said):
            show_on_terminal({"loginId": "1", "provider": "x", "kind": "deviceCode", "message": "Go there.",
                              "url": "https://example.com", "userCode": "AB-CD"})
        self.assertEqual(said.getvalue(), "Go there.\n  https://example.com\n  AB-CD\n")


if __name__ == "__main__":
    unittest.main()
