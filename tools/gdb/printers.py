"""How gdb prints the hypervisor's values: text, spans, arrays, numbers of a type of their own, registers by their fields."""

import gdb
import gdb.printing

from esr import describe_esr

PREFIX = "sharpvisor_"
MOST = 200


def _data(value):
    return int(value.address.cast(gdb.lookup_type("long"))) + 16


def _elements(kind, start, length):
    for i in range(min(length, MOST)):
        yield f"[{i}]", gdb.Value(start + i * kind.sizeof).cast(kind.pointer()).dereference()


def _text(start, length):
    try:
        data = bytes(gdb.selected_inferior().read_memory(start, min(length, MOST)))
    except gdb.error:
        return f"<{length} bytes at {start:#x} that cannot be read>"
    if all(0x20 <= byte < 0x7F or byte in (9, 10, 13) for byte in data):
        return '"' + data.decode("ascii").replace("\n", "\\n").replace("\r", "\\r") + '"' + ("..." if length > MOST else "")
    return "{" + ", ".join(f"0x{byte:02x}" for byte in data[:32]) + (", ..." if length > 32 else "") + "}"


class String:
    def __init__(self, value):
        self._value = value

    def to_string(self):
        length = int(self._value["_stringLength"])
        start = int(self._value["_firstChar"].address.cast(gdb.lookup_type("long")))
        return '"' + bytes(gdb.selected_inferior().read_memory(start, 2 * min(length, MOST))).decode("utf-16-le", "replace") + '"'


class Array:
    def __init__(self, value):
        self._value = value
        self._length = int(value["m_NumComponents"])
        self._element = value["m_Data"].type.target()

    def to_string(self):
        if self._element.sizeof == 1:
            return f"byte[{self._length}] " + _text(_data(self._value), self._length)
        return f"{self._element.unqualified()}[{self._length}]".replace(" &", "").replace(PREFIX + "SharpVisor_", "")

    def children(self):
        if self._element.sizeof == 1:
            return iter(())
        if self._element.code == gdb.TYPE_CODE_REF:
            return _elements(self._element.target().pointer(), _data(self._value), self._length)
        return _elements(self._element, _data(self._value), self._length)

    def display_hint(self):
        return None if self._element.sizeof == 1 else "array"


class Span:
    def __init__(self, value):
        self._value = value
        self._length = int(value["_length"])
        reference = value["_reference"]
        self._element = reference.type.target()
        self._start = int(reference.referenced_value().address.cast(gdb.lookup_type("long"))) if self._length else 0

    def to_string(self):
        if self._element.sizeof == 1:
            return f"span of {self._length} bytes " + (_text(self._start, self._length) if self._length else '""')
        return f"span of {self._length}"

    def children(self):
        return iter(()) if self._element.sizeof == 1 else _elements(self._element, self._start, self._length)

    def display_hint(self):
        return None if self._element.sizeof == 1 else "array"


class Syndrome:
    def __init__(self, value):
        self._value = int(value["_value"])

    def to_string(self):
        return f"{self._value:#x} ({describe_esr(self._value)})"


class Newtype:
    """A struct of one number: the number, with the type's name."""

    def __init__(self, value):
        self._value = value

    def to_string(self):
        field = self._value.type.strip_typedefs().fields()[0]
        number = int(self._value[field.name])
        return f"{str(self._value.type.strip_typedefs()).rsplit('_', 1)[-1]} {number:#x}"


FIELDS = {
    "Hcr": (("VM", 0), ("FMO", 3), ("IMO", 4), ("AMO", 5), ("TWI", 13), ("TWE", 14), ("TGE", 27), ("RW", 31)),
    "ProcessorState": (("F", 6), ("I", 7), ("A", 8), ("D", 9), ("SS", 21), ("V", 28), ("C", 29), ("Z", 30), ("N", 31)),
}


class Register(Newtype):
    def to_string(self):
        name = str(self._value.type.strip_typedefs()).rsplit("_", 1)[-1]
        number = int(self._value[self._value.type.strip_typedefs().fields()[0].name])
        bits = " ".join(bit for bit, place in FIELDS[name] if number >> place & 1)
        return f"{name} {number:#x} [{bits}]"


def find(value):
    kind = value.type.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_REF:
        value = value.referenced_value()
        if int(value.address.cast(gdb.lookup_type("long"))) == 0:
            return None
        kind = value.type.strip_typedefs()
    if kind.code not in (gdb.TYPE_CODE_STRUCT,) or kind.name is None:
        return None
    if kind.name.startswith("__Array<"):
        return Array(value)
    if kind.name.startswith((PREFIX + "System_Span_1<", PREFIX + "System_ReadOnlySpan_1<")):
        return Span(value)
    if kind.name == PREFIX + "System_String" or kind.name == "String":
        return String(value)
    if not kind.name.startswith(PREFIX):
        return None
    if kind.name == PREFIX + "SharpVisor_Arch_Esr":
        return Syndrome(value)
    fields = [field for field in kind.fields() if hasattr(field, "bitpos") and field.type is not None]
    if len(fields) == 1 and not fields[0].is_base_class and fields[0].type.strip_typedefs().code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_CHAR):
        return Register(value) if kind.name.rsplit("_", 1)[-1] in FIELDS else Newtype(value)
    return None


gdb.pretty_printers[:] = [printer for printer in gdb.pretty_printers if getattr(printer, "__name__", "") != "sharpvisor"]
find.__name__ = "sharpvisor"
gdb.pretty_printers.insert(0, find)
