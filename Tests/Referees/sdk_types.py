"""Whether request bodies load in the request types of the vendors' own Python packages.

Reads lines of JSON, {"family": …, "body": {…}}, and answers each with a line: "ok", or what the types say against it.
Fields that the types do not know count as mistakes.
"""
import json
import sys
import typing
import collections.abc

# The packages call their arrays iterables, which pydantic would only look at when somebody iterates.
typing.Iterable = typing.List
collections.abc.Iterable = typing.List

from pydantic import ConfigDict, TypeAdapter, ValidationError  # noqa: E402
from anthropic.types.message_create_params import MessageCreateParamsStreaming  # noqa: E402
from google.genai import types as google  # noqa: E402
from mistralai.client.models import ChatCompletionStreamRequest  # noqa: E402
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming  # noqa: E402
from openai.types.responses.response_create_params import ResponseCreateParamsStreaming  # noqa: E402


def forbid_unknown_fields():
    for name, module in list(sys.modules.items()):
        if name.startswith(("openai.types", "anthropic.types")):
            for item in vars(module).values():
                if isinstance(item, type) and typing.is_typeddict(item):
                    item.__pydantic_config__ = ConfigDict(extra="forbid")


def adapter(type_):
    adapter = TypeAdapter(type_)
    return lambda body: adapter.validate_python(body)


GOOGLE = {
    "contents": adapter(list[google.Content]),
    "systemInstruction": adapter(google.Content),
    "tools": adapter(list[google.Tool]),
    "toolConfig": adapter(google.ToolConfig),
    "generationConfig": adapter(google.GenerationConfig),
    "safetySettings": adapter(list[google.SafetySetting]),
    "cachedContent": adapter(str),
    # The package itself puts it into the body.
    "serviceTier": adapter(google.ServiceTier),
}


def check_google(body):
    for key, value in body.items():
        if key not in GOOGLE:
            raise ValueError("unknown field " + key)
        GOOGLE[key](value)


forbid_unknown_fields()
CHECKS = {
    "openai-completions": adapter(CompletionCreateParamsStreaming),
    "openai-responses": adapter(ResponseCreateParamsStreaming),
    "anthropic-messages": adapter(MessageCreateParamsStreaming),
    "google-generative-ai": check_google,
    "mistral": ChatCompletionStreamRequest.model_validate,
}


def verdict(line):
    request = json.loads(line)
    try:
        CHECKS[request["family"]](request["body"])
        return "ok"
    except ValidationError as error:
        return "; ".join(
            ".".join(str(place) for place in problem["loc"]) + ": " + problem["msg"] for problem in error.errors()[:5]
        )
    except ValueError as error:
        return str(error)


for line in sys.stdin:
    print(verdict(line).replace("\n", " "), flush=True)
