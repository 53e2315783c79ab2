"""The client for asyncio."""

import asyncio
import os
import signal
import unittest

import support
from patchbay import AsyncPatchbay, errors, tool


class Async(support.TestCase, unittest.IsolatedAsyncioTestCase):
    async def test_the_pieces_of_an_answer_together_are_its_text(self):
        async with self.client(AsyncPatchbay) as pb:
            stream = pb.stream("!say one two three")
            self.assertEqual("".join([text async for text in stream]), "one two three")
            self.assertEqual((await stream.answer()).text, "one two three")
            self.assertEqual((await pb.complete("hi")).text, "Hello from the loop.")
            kinds = [delta["type"] async for delta in pb.stream("!think").events()]
            self.assertLess(kinds.index("reasoning"), kinds.index("text"))

    async def test_many_completions_at_once_are_told_apart(self):
        async with self.client(AsyncPatchbay) as pb:
            answers = await asyncio.gather(*(pb.complete(f"!say {number}") for number in range(50)))
            self.assertEqual([answer.text for answer in answers], [str(number) for number in range(50)])

    async def test_cancelling_the_task_cancels_the_request(self):
        async with self.client(AsyncPatchbay) as pb:
            started = asyncio.Event()

            async def ask():
                async for _ in pb.stream("!wait"):
                    started.set()

            task = asyncio.ensure_future(ask())
            await started.wait()
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            ended = await self.get("/ended/1")
            self.assertEqual(ended["ended"], "disconnected")
            self.assertEqual((await pb.complete("!say on")).text, "on")

    async def test_a_time_limit_cancels_the_request(self):
        async with self.client(AsyncPatchbay) as pb:
            asking = asyncio.ensure_future(pb.complete("!wait"))
            await self.get("/begun/1")
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(asking, 0.01)
            self.assertEqual((await self.get("/ended/1"))["ended"], "disconnected")

    async def test_closing_and_leaving_cancel_the_request(self):
        async with self.client(AsyncPatchbay) as pb:
            async with pb.stream("!wait") as stream:
                self.assertEqual(await stream.__anext__(), "waiting")
            self.assertEqual((await self.get("/ended/1"))["ended"], "disconnected")
            async for _ in pb.stream("!wait"):
                break
            self.assertEqual((await self.get("/ended/2"))["ended"], "disconnected")

    async def test_a_session_is_free_when_its_stream_is_closed(self):
        async with self.client(AsyncPatchbay) as pb:
            session = pb.session("work")
            for _ in range(10):
                async with session.stream("!wait") as stream:
                    await stream.__anext__()
                self.assertEqual((await session.complete("!say on")).text, "on")

    async def test_closing_the_client_leaves_no_process(self):
        pb = self.client(AsyncPatchbay)
        await pb.start()
        pid = pb.pid
        stream = pb.stream("!wait")
        await stream.__anext__()
        await pb.close()
        self.assert_gone(pid)
        self.assertEqual((await self.get("/ended/1"))["ended"], "disconnected")

    async def test_the_next_call_after_the_server_died_starts_another(self):
        async with self.client(AsyncPatchbay) as pb:
            stream = pb.stream("!wait")
            await stream.__anext__()
            os.kill(pb.pid, signal.SIGKILL)
            with self.assertRaises(errors.ServerExitedError):
                await stream.answer()
            first, second = await asyncio.gather(pb.complete("!say a"), pb.complete("!say b"))
            self.assertEqual(first.text + second.text, "ab")

    async def test_tools_may_be_coroutines(self):
        @tool
        async def add(a: int, b: int) -> int:
            await asyncio.sleep(0)
            return a + b

        @tool
        def refuse() -> None:
            raise ValueError("not today")

        async with self.client(AsyncPatchbay) as pb:
            answer = await pb.complete('!tool add {"a": 1, "b": 2}', tools=[add])
            self.assertEqual(answer.text, "The tool said: 3")
            answer = await pb.complete("!tool refuse", tools=[refuse])
            self.assertEqual(answer.text, "The tool said: Error: ValueError: not today")

    async def test_sessions(self):
        async with self.client(AsyncPatchbay) as pb:
            trip = pb.session("trip")
            self.assertEqual((await trip.complete("!say one")).text, "one")
            await trip.switch("echo", carry="all")
            self.assertEqual(len((await trip.info())["messages"]), 2)
            self.assertEqual([entry["name"] for entry in await pb.sessions()], ["trip"])
            await trip.rename("journey")
            await trip.delete()
            self.assertEqual(await pb.sessions(), [])

    async def test_a_prompt_may_be_a_coroutine(self):
        async def answer(prompt):
            await asyncio.sleep(0)
            return "sk-test-0123456789"

        async with self.client(AsyncPatchbay, on_prompt=answer) as pb:
            self.assertEqual((await pb.login("openai", method="apiKey"))["provider"], "openai")
            self.assertTrue((await pb.logout("openai"))["removed"])

    async def test_without_prompts_a_text_is_handed_over(self):
        async def show(prompt):
            await pb.login_input(prompt["loginId"], "sk-test-0123456789")

        async with self.client(AsyncPatchbay, on_login=show) as pb:
            self.assertEqual((await pb.login("openai", method="apiKey"))["method"], "apiKey")

    async def test_a_login_that_is_cancelled_stores_nothing_and_asks_no_longer(self):
        asked, let_go = asyncio.Event(), []

        async def answer(prompt):
            asked.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                let_go.append(True)
                raise

        async with self.client(AsyncPatchbay, on_prompt=answer) as pb:
            login = asyncio.ensure_future(pb.login("openai", method="apiKey"))
            await asked.wait()
            login.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await login
            states = await pb.call("loginStatus", {"provider": "openai"})
            self.assertEqual(states["providers"][0]["status"], "missing")
        self.assertEqual(let_go, [True])

    async def test_errors_have_their_kinds(self):
        async with self.client(AsyncPatchbay) as pb:
            with self.assertRaises(errors.OverloadedError):
                await pb.complete("!fail 503")

    async def get(self, path):
        return await asyncio.get_running_loop().run_in_executor(None, self.upstream.get, path)


if __name__ == "__main__":
    unittest.main()
