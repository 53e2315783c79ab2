"""Functions that a model may call."""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import inspect
import json
import types as python_types
import typing
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union, overload

from .types import CompleteResult

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
_UNIONS: Tuple[Any, ...] = (Union, getattr(python_types, "UnionType", Union))


class Tool:
    """A function, and what a model is told about it."""

    def __init__(self, function: Callable[..., Any], name: Optional[str] = None, description: Optional[str] = None) -> None:
        self.function = function
        self.name = name or function.__name__
        self.description = description or inspect.getdoc(function) or ""
        self.schema = _parameters_schema(function)
        self.__doc__ = self.description

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self.function(*arguments, **keywords)

    @property
    def definition(self) -> Dict[str, Any]:
        """The tool as the protocol describes one."""
        definition: Dict[str, Any] = {"name": self.name, "inputSchema": self.schema}
        if self.description:
            definition["description"] = self.description
        return definition

    @property
    def is_async(self) -> bool:
        """Whether it is to be awaited."""
        return inspect.iscoroutinefunction(self.function)


@overload
def tool(function: Callable[..., Any]) -> Tool: ...
@overload
def tool(*, name: Optional[str] = None, description: Optional[str] = None) -> Callable[[Callable[..., Any]], Tool]: ...
def tool(
    function: Optional[Callable[..., Any]] = None, *, name: Optional[str] = None, description: Optional[str] = None
) -> Union[Tool, Callable[[Callable[..., Any]], Tool]]:
    """Makes a function a tool. Its schema comes from its type hints, its description from its docstring; what a
    parameter means can be said by `Annotated[str, "what it means"]`.
    """
    if function is not None:
        return Tool(function, name, description)
    return lambda function: Tool(function, name, description)


def _parameters_schema(function: Callable[..., Any]) -> Dict[str, Any]:
    hints = typing.get_type_hints(function, include_extras=True)
    properties: Dict[str, Any] = {}
    required: List[str] = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise TypeError(f"{function.__name__}: a model cannot pass {parameter}")
        properties[name] = schema_of(hints.get(name, Any), f"{function.__name__}: {name}")
        if parameter.default is parameter.empty:
            required.append(name)
        elif parameter.default is None or isinstance(parameter.default, (str, int, float, bool)):
            properties[name] = {**properties[name], "default": parameter.default}
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def schema_of(hint: Any, where: str) -> Dict[str, Any]:
    """The JSON Schema of a type hint."""
    if hint is Any:
        return {}
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        schema = schema_of(arguments[0], where)
        descriptions = [extra for extra in arguments[1:] if isinstance(extra, str)]
        return {**schema, "description": " ".join(descriptions)} if descriptions else schema
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin in _UNIONS:
        return {"anyOf": [schema_of(argument, where) for argument in arguments]}
    if hint is list or origin in (list, collections.abc.Sequence, collections.abc.Iterable, set, tuple):
        if origin is tuple and (len(arguments) != 2 or arguments[1] is not ...):
            raise TypeError(f"{where}: a tuple must be tuple[X, ...]")
        return {"type": "array", "items": schema_of(arguments[0], where) if arguments else {}}
    if hint is dict or origin in (dict, collections.abc.Mapping):
        if arguments and arguments[0] is not str:
            raise TypeError(f"{where}: the keys of {hint} must be strings")
        return {"type": "object", "additionalProperties": schema_of(arguments[1], where) if arguments else {}}
    return _schema_of_class(hint, where)


def _schema_of_class(hint: Any, where: str) -> Dict[str, Any]:
    if inspect.isclass(hint) and issubclass(hint, enum.Enum):
        return {"enum": [member.value for member in hint]}
    if dataclasses.is_dataclass(hint):
        fields = dataclasses.fields(hint)
        required = [f.name for f in fields if f.default is f.default_factory is dataclasses.MISSING]
    elif inspect.isclass(hint) and issubclass(hint, dict) and hasattr(hint, "__required_keys__"):
        required = sorted(hint.__required_keys__)
    else:
        raise TypeError(f"{where}: there is no JSON Schema for {hint!r}")
    members = typing.get_type_hints(hint, include_extras=True)
    properties = {name: schema_of(member, f"{where}.{name}") for name, member in members.items()}
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _value(hint: Any, value: Any) -> Any:
    """What JSON brought, as the function's type hint wants it: an enum's member, a dataclass, a tuple or a set."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _value(arguments[0], value)
    if origin in _UNIONS and value is not None:
        rest = [argument for argument in arguments if argument is not type(None)]
        return _value(rest[0], value) if len(rest) == 1 else value
    if inspect.isclass(hint) and issubclass(hint, enum.Enum):
        return hint(value)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type) and isinstance(value, dict):
        members = typing.get_type_hints(hint, include_extras=True)
        return hint(**{name: _value(members[name], member) for name, member in value.items()})
    if origin in (list, tuple, set) and isinstance(value, list):
        return origin(_value(arguments[0], item) for item in value)
    return value


Output = Dict[str, Any]


class ToolLoop:
    """What is asked, and what is asked next when a model has called tools: until it has no more to call."""

    def __init__(self, params: Mapping[str, Any], tools: Optional[Sequence[Any]], max_rounds: int) -> None:
        self._tools: Dict[str, Optional[Tool]] = {}
        self._rounds_left = max_rounds
        self._params = dict(params)
        if tools:
            made = [item if isinstance(item, Tool) or not callable(item) else Tool(item) for item in tools]
            definitions = [item.definition if isinstance(item, Tool) else item for item in made]
            self._params["tools"] = definitions
            for item, definition in zip(made, definitions):
                self._tools[definition["name"]] = item if isinstance(item, Tool) else None

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters of the next `complete`."""
        return self._params

    def calls(self, result: CompleteResult) -> List[Dict[str, Any]]:
        """The calls to run now; none when the answer is the last one, or when the caller has to run one of them."""
        if result["stopReason"] != "toolUse" or self._rounds_left == 0:
            return []
        calls = [part for part in result["message"]["content"] if isinstance(part, dict) and part["type"] == "toolCall"]
        is_ours = any(self._tools.values()) and all(self._tools.get(call["name"], True) is not None for call in calls)
        return [dict(call) for call in calls] if is_ours else []

    def prepared(self, call: Mapping[str, Any]) -> Tuple[Optional[Tool], Dict[str, Any]]:
        """The tool of a call and its arguments; no tool when it must not be run.
        :raises Exception: whatever is wrong with the arguments.
        """
        tool = self._tools.get(call["name"])
        if tool is None or call.get("invalid"):
            return None, {}
        hints = typing.get_type_hints(tool.function, include_extras=True)
        return tool, {name: _value(hints.get(name, Any), value) for name, value in call["arguments"].items()}

    def output(self, call: Mapping[str, Any], value: Any) -> Output:
        """What a tool gave back, for the model."""
        text = value if isinstance(value, str) else json.dumps(value, default=_plain)
        return {"type": "toolResult", "toolCallId": call["id"], "content": text}

    def failure(self, call: Mapping[str, Any], error: Optional[Exception]) -> Output:
        """Why a call came to nothing, for the model."""
        if error is not None:
            text = f"{type(error).__name__}: {error}"
        elif call.get("invalid"):
            text = "The arguments were no JSON object, or were cut off; nothing was run."
        else:
            text = f"There is no tool {call['name']}."
        return {"type": "toolResult", "toolCallId": call["id"], "content": text, "isError": True}

    def go_on(self, result: CompleteResult, outputs: Sequence[Output]) -> None:
        """Makes `params` the next question. A session knows what was said before, a completion alone does not."""
        self._rounds_left -= 1
        answer = {"role": "tool", "content": list(outputs)}
        if "session" in self._params:
            self._params["input"] = [answer]
            return
        said = self._params["input"]
        if isinstance(said, str):
            said = [{"role": "user", "content": said}]
        elif isinstance(said, Mapping):
            said = [said]
        self._params["input"] = [*said, result["message"], answer]


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (set, tuple)):
        return list(value)
    return str(value)
