#!/usr/bin/env python3
"""Judges requests to Bedrock by the rules of botocore, Amazon's own client.
Reads JSON lines, answers each with one JSON line:
  {"operation": "ConverseStream", "modelId": "...", "body": {...}}     -> {"ok": true} or {"errors": "..."}
  {"sign": {"method", "url", "headers": {}, "body": "...", "time": "20260102T030405Z", "region", "key", "secret",
            "token"?}}                                                 -> {"authorization": "AWS4-HMAC-SHA256 ..."}
Beside botocore's own validation, patterns, lengths and enumerations of the service's model are checked."""
import base64
import json
import re
import sys

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.validate import ParamValidator

service = botocore.session.get_session().get_service_model("bedrock-runtime")
problems = []


def convert(value, shape, path):
    """`value` with base64 as the bytes that botocore wants; notes what its own validation does not look at."""
    if shape is None or getattr(shape, "is_document_type", False):
        return value
    if shape.type_name == "structure" and isinstance(value, dict):
        return {k: convert(v, shape.members.get(k), f"{path}.{k}") for k, v in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        limits(len(value), shape, path)
        return [convert(v, shape.member, f"{path}[{i}]") for i, v in enumerate(value)]
    if shape.type_name == "blob" and isinstance(value, str):
        return base64.b64decode(value, validate=True)
    if shape.type_name == "string" and isinstance(value, str):
        limits(len(value), shape, path)
        pattern = shape.metadata.get("pattern")
        if pattern and not re.fullmatch(pattern, value):
            problems.append(f"{path}: {value!r} does not match {pattern}")
        if shape.enum and value not in shape.enum:
            problems.append(f"{path}: {value!r} is none of {shape.enum}")
    return value


def limits(size, shape, path):
    if not shape.metadata.get("min", 0) <= size <= shape.metadata.get("max", size):
        problems.append(f"{path}: {size} is outside {shape.metadata}")


def judge(case):
    problems.clear()
    shape = service.operation_model(case["operation"]).input_shape
    parameters = convert({"modelId": case["modelId"], **case["body"]}, shape, "body")
    report = ParamValidator().validate(parameters, shape)
    if report.has_errors():
        problems.append(report.generate_report())
    return {"errors": "; ".join(problems)} if problems else {"ok": True}


def sign(case):
    signer = SigV4Auth(Credentials(case["key"], case["secret"], case.get("token")), "bedrock", case["region"])
    request = AWSRequest(case["method"], case["url"], case["headers"], case["body"].encode())
    request.context["timestamp"] = case["time"]
    request.headers["X-Amz-Date"] = case["time"]
    if case.get("token"):
        request.headers["X-Amz-Security-Token"] = case["token"]
    text = signer.string_to_sign(request, signer.canonical_request(request))
    signer._inject_signature_to_request(request, signer.signature(text, request))
    return {"authorization": request.headers["Authorization"]}


for line in sys.stdin:
    case = json.loads(line)
    print(json.dumps(sign(case["sign"]) if "sign" in case else judge(case)), flush=True)
