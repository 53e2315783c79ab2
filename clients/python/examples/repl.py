#!/usr/bin/env python3
"""A conversation in a terminal, in the session that is named, or a new one.

usage: repl.py [-p PROVIDER] [-s SESSION]
Ctrl-C ends an answer, Ctrl-D the program. /switch PROVIDER goes on with another provider, /login PROVIDER logs in.
"""

import argparse
import datetime
import sys
from typing import List, Optional

from patchbay import Patchbay, PatchbayError, Session, ask_on_terminal, show_on_terminal, tool


@tool
def today() -> str:
    """The date today."""
    return datetime.date.today().isoformat()


def answer(session: Session, question: str) -> None:
    with session.stream(question, tools=[today]) as stream:
        try:
            for text in stream:
                print(text, end="", flush=True)
            print()
        except KeyboardInterrupt:
            print(" …")


def obey(pb: Patchbay, session: Session, order: str) -> None:
    name, _, argument = order.partition(" ")
    if name == "/switch" and argument:
        print(f"now {session.switch(argument)['provider']}")
    elif name == "/login" and argument:
        print(f"logged in to {pb.login(argument)['provider']}")
    else:
        print("/switch PROVIDER or /login PROVIDER")


def main(arguments: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(description="A conversation in a terminal.")
    parser.add_argument("-p", "--provider")
    parser.add_argument("-s", "--session", default="repl")
    options = parser.parse_args(arguments)
    with Patchbay(on_prompt=ask_on_terminal, on_login=show_on_terminal) as pb:
        session = pb.session(options.session)
        if options.provider:
            if any(options.session in (entry["id"], entry.get("name")) for entry in pb.sessions()):
                session.switch(options.provider)
            else:
                pb.call("createSession", {"name": options.session, "provider": options.provider})
        while True:
            try:
                line = input("> ").strip()
                if line.startswith("/"):
                    obey(pb, session, line)
                elif line:
                    answer(session, line)
            except EOFError:
                print()
                return 0
            except KeyboardInterrupt:
                print()
            except PatchbayError as error:
                print(f"error: {error}", *([f"hint: {error.hint}"] if error.hint else []), sep="\n", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
