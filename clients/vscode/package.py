#!/usr/bin/env python3
"""Packs the extension, with the client it is built on, into a file that the editor installs.

usage: clients/vscode/package.py [patchbay.vsix]
"""
import json
import os
import sys
import zipfile
from xml.sax.saxutils import quoteattr

HERE = os.path.dirname(os.path.abspath(__file__))
NODE = os.path.join(os.path.dirname(HERE), "node")
EXTENSION = ("package.json", "README.md", "extension.js", "src")
CLIENT = ("package.json", "index.js", "src")


def files(folder, names):
    for name in names:
        path = os.path.join(folder, name)
        inner = sorted(os.listdir(path)) if os.path.isdir(path) else None
        for full in [path] if inner is None else [os.path.join(path, one) for one in inner]:
            yield full, os.path.relpath(full, folder).replace(os.sep, "/")


def vsix_manifest(package):
    def property_line(name, value):
        return f"<Property Id={quoteattr('Microsoft.VisualStudio.Code.' + name)} Value={quoteattr(value)}/>"

    identity = " ".join(
        f"{name}={quoteattr(value)}"
        for name, value in (("Language", "en-US"), ("Id", package["name"]), ("Version", package["version"]),
                            ("Publisher", package["publisher"]))
    )
    return f"""<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
<Metadata>
<Identity {identity}/>
<DisplayName>{package["displayName"]}</DisplayName>
<Description xml:space="preserve">{package["description"]}</Description>
<Categories>{",".join(package["categories"])}</Categories>
<Properties>{property_line("Engine", package["engines"]["vscode"])}{property_line("ExtensionKind", "workspace")}</Properties>
</Metadata>
<Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
<Dependencies/>
<Assets>
<Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/>
<Asset Type="Microsoft.VisualStudio.Services.Content.Details" Path="extension/README.md" Addressable="true"/>
</Assets>
</PackageManifest>
"""


CONTENT_TYPES = """<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension=".json" ContentType="application/json"/><Default Extension=".js" ContentType="application/javascript"/>
<Default Extension=".md" ContentType="text/markdown"/><Default Extension=".vsixmanifest" ContentType="text/xml"/>
</Types>
"""


def main():
    target = sys.argv[1] if len(sys.argv) > 1 else "patchbay.vsix"
    with open(os.path.join(HERE, "package.json"), encoding="utf-8") as file:
        package = json.load(file)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES)
        archive.writestr("extension.vsixmanifest", vsix_manifest(package))
        for path, name in files(HERE, EXTENSION):
            archive.write(path, f"extension/{name}")
        for path, name in files(NODE, CLIENT):
            archive.write(path, f"extension/node_modules/patchbay/{name}")
    print(f"packed {target}")


if __name__ == "__main__":
    main()
