"""Neovim with a screen attached over its own RPC: keys go in, the grid of cells comes out."""
import os
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import time

import support


def pack(value):
    """A value in MessagePack."""
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return struct.pack(">Bq", 0xD3, value)
    if isinstance(value, float):
        return struct.pack(">Bd", 0xCB, value)
    if isinstance(value, str):
        data = value.encode()
        return struct.pack(">BI", 0xDB, len(data)) + data
    if isinstance(value, dict):
        return struct.pack(">BI", 0xDF, len(value)) + b"".join(pack(k) + pack(v) for k, v in value.items())
    return struct.pack(">BI", 0xDD, len(value)) + b"".join(pack(item) for item in value)


class Incomplete(Exception):
    """More bytes are needed."""


class Unpacker:
    """Reads values in MessagePack from a growing buffer."""

    SCALARS = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
               0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
    SIZES = {0xC4: ">B", 0xC5: ">H", 0xC6: ">I", 0xD9: ">B", 0xDA: ">H", 0xDB: ">I",
             0xDC: ">H", 0xDD: ">I", 0xDE: ">H", 0xDF: ">I", 0xC7: ">B", 0xC8: ">H", 0xC9: ">I"}

    def __init__(self):
        self.data, self.position = b"", 0

    def feed(self, data):
        self.data, self.position = self.data[self.position:] + data, 0

    def next(self):
        """The next value; raises Incomplete."""
        start = self.position
        try:
            return self.value()
        except Incomplete:
            self.position = start
            raise

    def take(self, count):
        if self.position + count > len(self.data):
            raise Incomplete
        self.position += count
        return self.data[self.position - count:self.position]

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def text(self, size):
        return self.take(size).decode("utf-8", "replace")

    def array(self, size):
        return [self.value() for _ in range(size)]

    def table(self, size):
        return {self.value(): self.value() for _ in range(size)}

    def value(self):
        kind = self.number(">B")
        if kind < 0x80:
            return kind
        if kind >= 0xE0:
            return kind - 0x100
        if kind < 0x90:
            return self.table(kind & 15)
        if kind < 0xA0:
            return self.array(kind & 15)
        if kind < 0xC0:
            return self.text(kind & 31)
        if kind in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[kind]
        if kind in self.SCALARS:
            return self.number(self.SCALARS[kind])
        if 0xD4 <= kind <= 0xD8:  # a handle of a buffer or window: a number with a type before it
            return self.extension(1 << (kind - 0xD4))
        size = self.number(self.SIZES[kind])
        if kind in (0xC7, 0xC8, 0xC9):
            return self.extension(size)
        if kind in (0xDC, 0xDD):
            return self.array(size)
        return self.table(size) if kind in (0xDE, 0xDF) else self.text(size)

    def extension(self, size):
        self.take(1)
        inner = Unpacker()
        inner.feed(self.take(size))
        return inner.next()


class Screen:
    """The grid, as `redraw` notifications make it."""

    def __init__(self):
        self.rows, self.highlights = [], {}
        self.shown = []  # the rows as they were when Neovim had drawn all of them

    def handle(self, events):
        for name, *calls in events:
            for call in calls:
                handler = getattr(self, "on_" + name, None)
                if handler:
                    handler(*call)

    def on_flush(self):
        self.shown = [list(row) for row in self.rows]

    def on_grid_resize(self, _, width, height):
        self.rows = [[(" ", 0)] * width for _ in range(height)]

    def on_grid_clear(self, _):
        self.rows = [[(" ", 0)] * len(row) for row in self.rows]

    def on_hl_attr_define(self, number, attributes, *_):
        self.highlights[number] = attributes

    def on_grid_line(self, _, row, column, cells, *__):
        highlight = 0
        for cell in cells:
            highlight = cell[1] if len(cell) > 1 else highlight
            for _ in range(cell[2] if len(cell) > 2 else 1):
                self.rows[row][column] = (cell[0], highlight)
                column += 1

    def on_grid_scroll(self, _, top, bottom, left, right, count, *__):
        lines = range(top, bottom - count) if count > 0 else range(bottom - 1, top - count - 1, -1)
        for row in lines:
            self.rows[row][left:right] = self.rows[row + count][left:right]

    def text(self):
        return "\n".join("".join(cell for cell, _ in row).rstrip() for row in self.shown)

    def highlight_of(self, text):
        """How the first occurrence of `text` is drawn."""
        for row in self.shown:
            line = "".join(cell or "\0" for cell, _ in row)
            if text in line:
                return self.highlights.get(row[line.index(text)][1], {})
        raise AssertionError(f"{text!r} is not on the screen:\n{self.text()}")


class Nvim:
    """One Neovim with the plugin, installed as the README says it is."""

    def __init__(self, home, setup="{}", size=(90, 30), arguments=()):
        self.folder = tempfile.mkdtemp(prefix="patchbay-nvim-")
        plugin = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        environment = {**os.environ, "PATCHBAY_HOME": home, "HOME": self.folder, "XDG_CONFIG_HOME": self.folder,
                       "XDG_DATA_HOME": self.folder, "XDG_STATE_HOME": self.folder, "XDG_CACHE_HOME": self.folder}
        ours, theirs = socket.socketpair()
        binary = os.environ["PATCHBAY_BINARY"]
        program = ["nvim", "--embed", "-n", "-u", "NONE", "-i", "NONE", "--cmd", f"set rtp^={plugin} shortmess+=I",
                   "-c", "runtime plugin/patchbay.lua", *arguments]
        self.process = subprocess.Popen(program, stdin=theirs, stdout=theirs, env=environment, cwd=self.folder)
        theirs.close()
        self.socket, self.unpacker, self.screen = ours, Unpacker(), Screen()
        self.events, self.answers, self.next_id, self.notifications = [], {}, 0, 0
        self.call("nvim_ui_attach", *size, {"rgb": True, "ext_linegrid": True})
        self.lua(f"local given = {setup}; given.command = given.command or {{ [[{binary}]], 'serve' }}; "
                 "require('patchbay').setup(given)")
        channel = self.call("nvim_get_api_info")[0]
        self.lua(f"""for _, what in ipairs({{ 'Changed', 'Answered', 'Suggested', 'Login' }}) do
          local name = 'Patchbay' .. what
          vim.api.nvim_create_autocmd('User', {{ pattern = name, callback = function()
            vim.rpcnotify({channel}, 'event', name)
          end }})
        end
        -- What is told in a message is kept, rather than shown where it would wait for a key.
        _G.told = {{}}
        vim.notify = function(text) table.insert(_G.told, text) vim.rpcnotify({channel}, 'event', 'told') end""")

    def read(self, deadline):
        """Takes in what Neovim sends next."""
        left = deadline - time.monotonic()
        if left < 0 or not select.select([self.socket], [], [], left)[0]:
            return False
        data = self.socket.recv(1 << 20)
        if not data:
            raise EOFError("Neovim ended")
        self.unpacker.feed(data)
        while True:
            try:
                message = self.unpacker.next()
            except Incomplete:
                return True
            if message[0] == 1:
                self.answers[message[1]] = message[2:]
                continue
            self.notifications += 1
            if message[1] == "redraw":
                self.screen.handle(message[2])
            else:
                self.events.append(message[2][0])

    def send(self, method, *arguments):
        self.next_id += 1
        self.socket.sendall(pack([0, self.next_id, method, list(arguments)]))
        return self.next_id

    def call(self, method, *arguments):
        """Calls a function of the API."""
        number = self.send(method, *arguments)
        deadline = time.monotonic() + support.PATIENCE
        while number not in self.answers:
            if not self.read(deadline):
                raise AssertionError(f"{method} was not answered; the screen:\n{self.screen.text()}")
        error, result = self.answers.pop(number)
        if error:
            raise RuntimeError(error[1])
        return result

    def lua(self, code, *arguments):
        return self.call("nvim_exec_lua", code, list(arguments))

    def command(self, text):
        self.call("nvim_command", text)

    def type(self, keys):
        """Presses keys, in Vim's notation."""
        self.call("nvim_input", keys)

    def lines(self, buffer=0):
        return self.call("nvim_buf_get_lines", buffer, 0, -1, True)

    def text(self, buffer=0):
        return "\n".join(self.lines(buffer))

    def wait(self, condition, what):
        """Waits until `condition` holds; it is looked at again whenever Neovim draws or tells something."""
        deadline = time.monotonic() + support.PATIENCE
        while True:
            told = self.notifications
            if condition():
                return
            # Looking may have taken in what is waited for, after the answer to it was made.
            if self.notifications == told and not self.read(deadline):
                raise AssertionError(f"{what} did not come; the screen:\n{self.screen.text()}\n"
                                     f"told: {self.lua('return _G.told')}")

    def wait_for(self, text):
        """Waits until a text stands on the screen."""
        self.wait(lambda: text in self.screen.text(), repr(text))

    def wait_event(self, name):
        """Waits for the next event of that name, or takes one that has come."""
        self.wait(lambda: name in self.events, name)
        self.events.remove(name)

    def told(self):
        return "\n".join(self.lua("return _G.told"))

    def quit(self):
        """Leaves Neovim as a person does; gives its exit status."""
        if self.process.poll() is None:
            self.send("nvim_command", "qall!")
            self.process.wait(support.PATIENCE)
        self.socket.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        return self.process.returncode
