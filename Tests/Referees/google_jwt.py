#!/usr/bin/env python3
"""Judges assertions of service accounts with Google's own library. Each line of the input is {"assertion", "key"}, the
key in PEM; each line of the output is {"header", "claims"}, or {"error"}."""
import json
import sys

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from google.auth import jwt

for line in sys.stdin:
    case = json.loads(line)
    public = load_pem_private_key(case["key"].encode(), None).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    try:
        claims = jwt.decode(case["assertion"], certs=pem, audience="https://oauth2.googleapis.com/token")
        print(json.dumps({"header": jwt.decode_header(case["assertion"]), "claims": claims}), flush=True)
    except ValueError as error:
        print(json.dumps({"error": str(error)[:200]}), flush=True)
