"""Functions that a model may call."""

import dataclasses
import enum
import unittest
from typing import Annotated, Any, Dict, List, Literal, Optional, Tuple, TypedDict, Union

import support
from patchbay import Patchbay, Tool, tool


class Color(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: float
    y: float = 0.0


class Place(TypedDict):
    city: str


class Schemas(unittest.TestCase):
    def test_a_schema_comes_from_the_hints_and_the_docstring(self):
        @tool
        def weather(city: Annotated[str, "Which city."], days: int = 1, unit: Literal["C", "F"] = "C") -> str:
            """Tell the weather."""
            return city

        self.assertEqual(weather.definition, {
            "name": "weather", "description": "Tell the weather.",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "description": "Which city."},
                    "days": {"type": "integer", "default": 1},
                    "unit": {"enum": ["C", "F"], "default": "C"},
                },
                "required": ["city"], "additionalProperties": False,
            },
        })
        self.assertEqual(weather("Rome"), "Rome")

    def test_every_sort_of_hint_has_a_schema(self):
        def function(
            a: List[int], b: Dict[str, float], c: Optional[bool], d: Union[int, str], e: Any, f: Color, g: Point, h: Place,
            i: Tuple[str, ...], j: list, k: dict,
        ) -> None: ...

        properties = Tool(function).schema["properties"]
        self.assertEqual(list(properties.values()), [
            {"type": "array", "items": {"type": "integer"}},
            {"type": "object", "additionalProperties": {"type": "number"}},
            {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
            {"anyOf": [{"type": "integer"}, {"type": "string"}]},
            {},
            {"enum": ["red"]},
            {"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": "number"}}, "required": ["x"],
             "additionalProperties": False},
            {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
             "additionalProperties": False},
            {"type": "array", "items": {"type": "string"}},
            {"type": "array", "items": {}},
            {"type": "object", "additionalProperties": {}},
        ])

    def test_what_a_model_cannot_pass_is_an_error_at_once(self):
        with self.assertRaisesRegex(TypeError, "function: x: there is no JSON Schema for"):
            @tool
            def function(x: complex) -> None: ...
        with self.assertRaisesRegex(TypeError, r"a model cannot pass \*x"):
            @tool
            def several(*x: int) -> None: ...
        with self.assertRaisesRegex(TypeError, "must be strings"):
            @tool
            def keys(x: Dict[int, str]) -> None: ...

    def test_name_and_description_can_be_given(self):
        @tool(name="other", description="Else.")
        def function() -> None: ...

        self.assertEqual((function.name, function.description), ("other", "Else."))


class Calls(support.TestCase):
    def test_a_call_is_run_and_its_result_goes_back(self):
        @tool
        def add(a: int, b: int) -> int:
            return a + b

        with self.client(Patchbay) as pb:
            stream = pb.stream('!tool add {"a": 1, "b": 2}', tools=[add])
            kinds = [delta["type"] for delta in stream.events()]
            self.assertEqual(kinds.count("end"), 2)
            self.assertEqual(stream.answer.text, "The tool said: 3")
            first, second = [request["body"] for request in self.upstream.requests]
            self.assertEqual(first["tools"][0]["function"]["name"], "add")
            self.assertEqual([message["role"] for message in second["messages"]], ["user", "assistant", "tool"])

    def test_in_a_session_only_the_results_are_sent(self):
        def now() -> str:
            return "noon"

        with self.client(Patchbay) as pb:
            session = pb.session("day")
            self.assertEqual(session.complete("!tool now", tools=[now]).text, "The tool said: noon")
            roles = [message["role"] for message in session.info()["messages"]]
            self.assertEqual(roles, ["user", "assistant", "tool", "assistant"])

    def test_arguments_become_what_the_hints_say_and_results_become_json(self):
        seen = []

        def move(to: Point, color: Optional[Color] = None, path: List[Point] = []) -> Point:  # noqa: B006
            seen.append((to, color, path))
            return Point(1, 2)

        with self.client(Patchbay) as pb:
            order = '!tool move {"to": {"x": 1}, "color": "red", "path": [{"x": 2, "y": 3}]}'
            self.assertEqual(pb.complete(order, tools=[move]).text, 'The tool said: {"x": 1, "y": 2}')
        self.assertEqual(seen, [(Point(1, 0.0), Color.RED, [Point(2, 3)])])

    def test_what_goes_wrong_is_told_to_the_model(self):
        def refuse(reason: str) -> None:
            raise ValueError(reason)

        with self.client(Patchbay) as pb:
            answer = pb.complete('!tool refuse {"reason": "no"}', tools=[refuse])
            self.assertEqual(answer.text, "The tool said: Error: ValueError: no")
            self.assertIn("TypeError", pb.complete('!tool refuse {"why": "no"}', tools=[refuse]).text)
            self.assertIn("There is no tool other.", pb.complete("!tool other", tools=[refuse]).text)

    def test_a_call_that_was_cut_off_is_never_run(self):
        ran = []

        def act() -> None:
            ran.append(True)

        with self.client(Patchbay) as pb:
            answer = pb.complete('!tool act {"a": ', tools=[act])
            self.assertIn("nothing was run", answer.text)
        self.assertEqual(ran, [])

    def test_a_tool_that_is_only_described_is_the_callers_to_run(self):
        with self.client(Patchbay) as pb:
            described = {"name": "look", "inputSchema": {"type": "object"}}
            answer = pb.complete('!tool look {"at": 1}', tools=[described])
            self.assertEqual(answer.stop_reason, "toolUse")
            self.assertEqual([(call["name"], call["arguments"]) for call in answer.tool_calls], [("look", {"at": 1})])

    def test_there_is_an_end_to_the_rounds(self):
        def again() -> str:
            return "once more"

        with self.client(Patchbay) as pb:
            answer = pb.complete("!tool again", tools=[again], max_rounds=0)
            self.assertEqual(answer.stop_reason, "toolUse")
            self.assertEqual(len(self.upstream.requests), 1)


if __name__ == "__main__":
    unittest.main()
