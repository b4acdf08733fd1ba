"""A small typed writer of LLVM IR: a kernel written with it reads like the loop it is.

Values are scalars or vectors of floats, integers and truths; Python's operators add
instructions. Loops are `with` blocks, and variables that change in a loop are `Cell`s,
which LLVM turns into registers.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

FLOATS = ("float", "double")
SIZES = {
    "float": 4,
    "double": 8,
    "i8": 1,
    "i16": 2,
    "i32": 4,
    "i64": 8,
    "i1": 1,
    "ptr": 8,
}


UNROLL = "!llvm.loop"
"""What the text of a module holds where loops are to be written out."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of a value: its element, and its lanes (1: a scalar)."""

    element: str
    lanes: int = 1

    @property
    def text(self) -> str:
        """The type as LLVM writes it."""
        return self.element if self.lanes == 1 else f"<{self.lanes} x {self.element}>"

    @property
    def is_float(self) -> bool:
        """Whether the elements are floats."""
        return self.element in FLOATS

    def of(self, element: str) -> Kind:
        """Return the type with as many lanes of another element."""
        return Kind(element, self.lanes)


PTR, I64, I32, I1 = Kind("ptr"), Kind("i64"), Kind("i32"), Kind("i1")


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """One value of the program: a register or a constant."""

    builder: Builder
    text: str
    kind: Kind

    def __add__(self, other: Any) -> Value:
        return self.builder.arithmetic("add", self, other)

    def __radd__(self, other: Any) -> Value:
        return self.builder.arithmetic("add", other, self)

    def __sub__(self, other: Any) -> Value:
        return self.builder.arithmetic("sub", self, other)

    def __rsub__(self, other: Any) -> Value:
        return self.builder.arithmetic("sub", other, self)

    def __mul__(self, other: Any) -> Value:
        return self.builder.arithmetic("mul", self, other)

    def __rmul__(self, other: Any) -> Value:
        return self.builder.arithmetic("mul", other, self)

    def __truediv__(self, other: Any) -> Value:
        return self.builder.arithmetic("div", self, other)

    def __rtruediv__(self, other: Any) -> Value:
        return self.builder.arithmetic("div", other, self)

    def __neg__(self) -> Value:
        b = self.builder
        if self.kind.is_float:
            return b.emit(f"fneg {self.kind.text} {self.text}", self.kind)
        return b.constant(0, self.kind) - self

    def __and__(self, other: Any) -> Value:
        return self.builder.bitwise("and", self, other)

    def __or__(self, other: Any) -> Value:
        return self.builder.bitwise("or", self, other)

    def __xor__(self, other: Any) -> Value:
        return self.builder.bitwise("xor", self, other)

    def __invert__(self) -> Value:
        return self ^ self.builder.constant(-1, self.kind)

    def __lshift__(self, other: Any) -> Value:
        return self.builder.bitwise("shl", self, other)

    def __rshift__(self, other: Any) -> Value:
        """Shift right; zeros come in from the left."""
        return self.builder.bitwise("lshr", self, other)

    def __lt__(self, other: Any) -> Value:
        return self.builder.compare("lt", self, other)

    def __le__(self, other: Any) -> Value:
        return self.builder.compare("le", self, other)

    def __gt__(self, other: Any) -> Value:
        return self.builder.compare("gt", self, other)

    def __ge__(self, other: Any) -> Value:
        return self.builder.compare("ge", self, other)

    def equals(self, other: Any) -> Value:
        """Return whether both are equal, lane by lane."""
        return self.builder.compare("eq", self, other)


@dataclass(slots=True)
class Cell:
    """A variable that may change from one turn of a loop to the next."""

    builder: Builder
    address: Value
    kind: Kind

    def get(self) -> Value:
        """Return its present value."""
        b = self.builder
        return b.emit(f"load {self.kind.text}, ptr {self.address.text}", self.kind)

    def set(self, value: Any) -> None:
        """Change it."""
        v = self.builder.coerce(value, self.kind)
        self.builder.write(f"store {self.kind.text} {v.text}, ptr {self.address.text}")


class Builder:
    """Writes one function.

    Parameters
    ----------
    module
        Where declarations of what the function calls are gathered: text by name.
    name, arguments
        The function's name, and the name and type of each argument.

    Attributes
    ----------
    unrolls
        Whether LLVM is told to write out loops whose ends are known, turn by turn.
    reciprocal
        What estimates 1 / x in a vector of 16 floats, to 14 bits, or "".
    """

    def __init__(
        self,
        module: dict[str, str],
        name: str,
        arguments: Sequence[tuple[str, Kind]],
        attributes: str = "",
        exported: bool = False,
        result: Kind | None = None,
    ) -> None:
        self.module, self.name, self.exported = module, name, exported
        self.attributes = attributes
        self.result = result
        self._entry: list[str] = []
        self._lines: list[str] = []
        self._count = 0
        self._block = "start"
        self.unrolls = False
        self.reciprocal = ""
        self.arguments = {n: Value(self, f"%{n}", kind) for n, kind in arguments}

    def text(self) -> str:
        """Return the whole function."""
        arguments = ", ".join(
            f"{v.kind.text} {v.text}" for v in self.arguments.values()
        )
        linkage = "" if self.exported else "internal "
        returns = "void" if self.result is None else self.result.text
        head = f"define {linkage}{returns} @{self.name}({arguments}) {self.attributes}"
        last = [] if self.result is not None else ["  ret void"]
        body = "\n".join(["entry:", *self._entry, "  br label %start", "start:"])
        return f"{head} {{\n{body}\n" + "\n".join([*self._lines, *last]) + "\n}\n"

    def drop_unused(self) -> list[str]:
        """Leave out the arguments that no instruction takes; return those that stay."""
        taken = set(re.findall(r"%\w+", "\n".join([*self._entry, *self._lines])))
        self.arguments = {n: v for n, v in self.arguments.items() if v.text in taken}
        return list(self.arguments)

    # The bottom layer.

    def write(self, line: str) -> None:
        """Add an instruction that has no value."""
        self._lines.append(f"  {line}")

    def emit(self, instruction: str, kind: Kind) -> Value:
        """Add an instruction and return its value."""
        self._count += 1
        name = f"%v{self._count}"
        self._lines.append(f"  {name} = {instruction}")
        return Value(self, name, kind)

    def label(self) -> str:
        """Return a new name for a block."""
        self._count += 1
        return f"b{self._count}"

    def begin(self, label: str) -> None:
        """Start a block."""
        self._lines.append(f"{label}:")
        self._block = label

    def call(self, name: str, kind: Kind | None, *arguments: Value) -> Value | None:
        """Call a function, declaring it if that is new."""
        types = ", ".join(a.kind.text for a in arguments)
        given = ", ".join(f"{a.kind.text} {a.text}" for a in arguments)
        returned = "void" if kind is None else kind.text
        self.module.setdefault(name, f"declare {returned} @{name}({types})")
        if kind is None:
            self.write(f"call void @{name}({given})")
            return None
        return self.emit(f"call {kind.text} @{name}({given})", kind)

    def intrinsic(self, name: str, *arguments: Value) -> Value:
        """Call one of LLVM's functions, on values of one type."""
        kind = arguments[0].kind
        lanes = f"v{kind.lanes}" if kind.lanes > 1 else ""
        short = {"float": "f32", "double": "f64"}.get(kind.element, kind.element)
        made = self.call(f"llvm.{name}.{lanes}{short}", kind, *arguments)
        assert made is not None
        return made

    # Constants and conversions.

    def constant(self, value: Any, kind: Kind) -> Value:
        """Return a number, in all lanes."""
        one = _number(value, kind.element)
        if kind.lanes == 1:
            return Value(self, one, kind)
        lanes = ", ".join([f"{kind.element} {one}"] * kind.lanes)
        return Value(self, f"<{lanes}>", kind)

    def numbers(self, values: Sequence[Any], element: str) -> Value:
        """Return a vector of different numbers."""
        if len(values) == 1:
            return self.constant(values[0], Kind(element))
        lanes = ", ".join(f"{element} {_number(v, element)}" for v in values)
        return Value(self, f"<{lanes}>", Kind(element, len(values)))

    def coerce(self, value: Any, kind: Kind) -> Value:
        """Return `value` in this type: numbers as constants, scalars in all lanes."""
        if not isinstance(value, Value):
            return self.constant(value, kind)
        if value.kind == kind:
            return value
        if value.kind.lanes == 1 and value.kind.element == kind.element:
            return self.broadcast(value, kind.lanes)
        raise TypeError(f"{value.kind.text} is not {kind.text}")

    def broadcast(self, value: Value, lanes: int) -> Value:
        """Return a scalar in all lanes of a vector."""
        if lanes == value.kind.lanes:
            return value
        if not value.text.startswith("%"):
            kind = Kind(value.kind.element, lanes)
            parts = ", ".join([f"{value.kind.element} {value.text}"] * lanes)
            return Value(self, f"<{parts}>", kind)
        kind = Kind(value.kind.element, lanes)
        one = self.emit(
            f"insertelement {kind.text} poison, {value.kind.text} {value.text}, i32 0",
            kind,
        )
        return self.emit(
            f"shufflevector {kind.text} {one.text}, {kind.text} poison, "
            f"<{lanes} x i32> zeroinitializer",
            kind,
        )

    def convert(self, value: Value, element: str, signed: bool = True) -> Value:
        """Return the value with elements of another type; truths become 0 and 1."""
        old, new = value.kind, value.kind.of(element)
        if old == new:
            return value
        how = self._conversion(old, new, signed)
        return self.emit(f"{how} {old.text} {value.text} to {new.text}", new)

    def _conversion(self, old: Kind, new: Kind, signed: bool) -> str:
        if old.is_float and new.is_float:
            wider = SIZES[new.element] > SIZES[old.element]
            return "fpext" if wider else "fptrunc"
        if old.is_float:
            return "fptosi" if signed else "fptoui"
        from_sign = signed and old.element != "i1"
        if new.is_float:
            return "sitofp" if from_sign else "uitofp"
        if old.element == "i1" or SIZES[new.element] > SIZES[old.element]:
            return "sext" if from_sign else "zext"
        return "trunc"

    def bits(self, value: Value, element: str) -> Value:
        """Return the same bits as elements of another type of the same size."""
        new = value.kind.of(element)
        return self.emit(f"bitcast {value.kind.text} {value.text} to {new.text}", new)

    def bits_of(self, truths: Value) -> Value:
        """Return truths as the bits of a whole number, the first lane the lowest."""
        lanes = truths.kind.lanes
        made = self.emit(
            f"bitcast {truths.kind.text} {truths.text} to i{lanes}", Kind(f"i{lanes}")
        )
        return self.convert(made, "i64", signed=False)

    # Arithmetic.

    def _pair(self, a: Any, b: Any) -> tuple[Value, Value]:
        if isinstance(a, Value) and (
            not isinstance(b, Value) or b.kind.lanes <= a.kind.lanes
        ):
            return a, self.coerce(b, a.kind)
        return self.coerce(a, b.kind), b

    def arithmetic(self, name: str, a: Any, b: Any) -> Value:
        """Add, subtract, multiply or divide."""
        folded = self._folded(name, a, b)
        if folded is not None:
            return folded
        x, y = self._pair(a, b)
        sign = f"f{name}" if x.kind.is_float else "sdiv" if name == "div" else name
        return self.emit(f"{sign} {x.kind.text} {x.text}, {y.text}", x.kind)

    def _folded(self, name: str, a: Any, b: Any) -> Value | None:
        """Return what adding 0 or multiplying whole numbers by 1 leaves."""
        if isinstance(a, int) and name in ("add", "mul"):
            a, b = b, a
        if not isinstance(b, int) or not isinstance(a, Value) or a.kind.is_float:
            return None
        if b == 0 and name in ("add", "sub"):
            return a
        if b == 1 and name in ("mul", "div"):
            return a
        if b == 0 and name == "mul":
            return self.constant(0, a.kind)
        return None

    def bitwise(self, name: str, a: Any, b: Any) -> Value:
        """Combine the bits of whole numbers or truths."""
        x, y = self._pair(a, b)
        return self.emit(f"{name} {x.kind.text} {x.text}, {y.text}", x.kind)

    def compare(self, how: str, a: Any, b: Any) -> Value:
        """Return truths; nothing compares with nan."""
        x, y = self._pair(a, b)
        if x.kind.is_float:
            word = f"fcmp o{how}"
        else:
            word = f"icmp {how if how == 'eq' else 's' + how}"
        return self.emit(f"{word} {x.kind.text} {x.text}, {y.text}", x.kind.of("i1"))

    def select(self, truth: Value, a: Any, b: Any) -> Value:
        """Return a where the truth holds and b elsewhere."""
        x, y = self._pair(a, b)
        if truth.kind.lanes > x.kind.lanes:
            x, y = (self.broadcast(v, truth.kind.lanes) for v in (x, y))
        return self.emit(
            f"select {truth.kind.text} {truth.text}, {x.kind.text} {x.text}, "
            f"{y.kind.text} {y.text}",
            x.kind,
        )

    def fma(self, a: Any, b: Any, c: Any) -> Value:
        """Return a * b + c, in one rounding where the machine can."""
        widest = max(
            (v for v in (a, b, c) if isinstance(v, Value)), key=lambda v: v.kind.lanes
        )
        x, y, z = (self.coerce(v, widest.kind) for v in (a, b, c))
        return self.intrinsic("fmuladd", x, y, z)

    def quotient(self, a: Value, c: Value) -> Value:
        """Return a / c for c neither tiny nor huge, rounded almost always right.

        An estimate is mended by what is left over, which a multiply-add has exactly.
        """
        kind = c.kind
        if not self.reciprocal or kind != Kind("float", 16):
            return a / c
        every = self.constant(-1, Kind("i16"))
        inverse = self.call(self.reciprocal, kind, c, self.constant(0, kind), every)
        assert inverse is not None
        near = a * inverse
        return self.fma(self.fma(-near, c, a), inverse, near)

    def maximum(self, a: Any, b: Any) -> Value:
        """Return the larger; nan where the first is nan."""
        x, y = self._pair(a, b)
        return self.select(self.compare("lt", x, y), y, x)

    def minimum(self, a: Any, b: Any) -> Value:
        """Return the smaller; nan where the first is nan."""
        x, y = self._pair(a, b)
        return self.select(self.compare("gt", x, y), y, x)

    def sqrt(self, x: Value) -> Value:
        """Return the square root."""
        return self.intrinsic("sqrt", x)

    # Memory.

    def at(self, pointer: Value, place: Any, element: str) -> Value:
        """Return the address of an entry, `place` elements behind the pointer."""
        if isinstance(place, int):
            if place == 0:
                return pointer
            place = self.constant(place, I64)
        return self.emit(
            f"getelementptr {element}, ptr {pointer.text}, i64 {place.text}", PTR
        )

    def load(self, address: Value, kind: Kind, aligned: bool = False) -> Value:
        """Return what stands at an address."""
        align = SIZES[kind.element] * (kind.lanes if aligned else 1)
        return self.emit(f"load {kind.text}, ptr {address.text}, align {align}", kind)

    def store(self, address: Value, value: Value, aligned: bool = False) -> None:
        """Write to an address."""
        kind = value.kind
        align = SIZES[kind.element] * (kind.lanes if aligned else 1)
        self.write(f"store {kind.text} {value.text}, ptr {address.text}, align {align}")

    def prefetch(self, address: Value) -> None:
        """Ask for what stands at an address to be in the first cache soon."""
        name = "llvm.prefetch.p0"
        self.module[name] = f"declare void @{name}(ptr, i32, i32, i32)"
        self.write(f"call void @{name}(ptr {address.text}, i32 0, i32 3, i32 1)")

    def clear(self, address: Value, size: Any) -> None:
        """Fill `size` bytes with zeros."""
        count = size if isinstance(size, Value) else self.constant(size, I64)
        self.module["llvm.memset.p0.i64"] = (
            "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)"
        )
        self.write(
            f"call void @llvm.memset.p0.i64(ptr {address.text}, i8 0, "
            f"i64 {count.text}, i1 false)"
        )

    def copy(self, target: Value, source: Value, size: int) -> None:
        """Copy so many bytes."""
        self.module["memcpy"] = "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"
        self.write(
            f"call void @llvm.memcpy.p0.p0.i64(ptr {target.text}, ptr {source.text}, "
            f"i64 {size}, i1 false)"
        )

    # Lanes.

    def lane(self, vector: Value, place: int) -> Value:
        """Return one lane of a vector."""
        kind = Kind(vector.kind.element)
        if vector.kind.lanes == 1:
            return vector
        return self.emit(
            f"extractelement {vector.kind.text} {vector.text}, i32 {place}", kind
        )

    def insert(self, vector: Value, value: Value, place: int) -> Value:
        """Return a vector with one lane changed."""
        return self.emit(
            f"insertelement {vector.kind.text} {vector.text}, "
            f"{value.kind.text} {value.text}, i32 {place}",
            vector.kind,
        )

    def gathered(self, values: Sequence[Value]) -> Value:
        """Return scalars side by side in a vector."""
        if len(values) == 1:
            return values[0]
        made = Value(self, "poison", Kind(values[0].kind.element, len(values)))
        for place, value in enumerate(values):
            made = self.insert(made, value, place)
        return made

    def shuffle(self, a: Value, b: Value | None, places: Sequence[int]) -> Value:
        """Return chosen lanes of one or two vectors, counted through."""
        if len(places) == 1 and b is None:
            return self.lane(a, places[0])
        second = "poison" if b is None else b.text
        mask = ", ".join(f"i32 {place}" for place in places)
        return self.emit(
            f"shufflevector {a.kind.text} {a.text}, {a.kind.text} {second}, "
            f"<{len(places)} x i32> <{mask}>",
            Kind(a.kind.element, len(places)),
        )

    def ramp(self, kind: Kind) -> Value:
        """Return 0, 1, 2 ... in the lanes."""
        if kind.lanes == 1:
            return self.constant(0, kind)
        return self.numbers(range(kind.lanes), kind.element)

    def across(self, vector: Value, join: Callable[[Value, Value], Value]) -> Value:
        """Return all lanes joined to one scalar, by halves."""
        while vector.kind.lanes > 1:
            half = vector.kind.lanes // 2
            low = self.shuffle(vector, None, range(half))
            high = self.shuffle(vector, None, range(half, 2 * half))
            vector = join(low, high)
        return vector

    # Control.

    def cell(self, start: Value) -> Cell:
        """Return a new variable."""
        self._count += 1
        address = Value(self, f"%c{self._count}", PTR)
        self._entry.append(f"  {address.text} = alloca {start.kind.text}")
        made = Cell(self, address, start.kind)
        made.set(start)
        return made

    def room(self, kind: Kind, count: int) -> Value:
        """Return the address of a small array on the stack."""
        self._count += 1
        address = Value(self, f"%c{self._count}", PTR)
        self._entry.append(
            f"  {address.text} = alloca [{count} x {kind.text}], align 64"
        )
        return address

    @contextmanager
    def loop(self, start: Any, stop: Any, step: int = 1) -> Iterator[Value]:
        """Count from start to below stop: `with b.loop(0, n) as i:`."""
        first, last = self.coerce(start, I64), self.coerce(stop, I64)
        head, body, done = self.label(), self.label(), self.label()
        before = self._block
        self._count += 1
        i = Value(self, f"%i{self._count}", I64)
        self.write(f"br label %{head}")
        self.begin(head)
        place = len(self._lines)
        self._lines.append("")
        inside = self.emit(f"icmp slt i64 {i.text}, {last.text}", I1)
        self.write(f"br i1 {inside.text}, label %{body}, label %{done}")
        self.begin(body)
        yield i
        following = self.emit(f"add nuw nsw i64 {i.text}, {step}", I64)
        self._lines[place] = (
            f"  {i.text} = phi i64 [ {first.text}, %{before} ], "
            f"[ {following.text}, %{self._block} ]"
        )
        fixed = not first.text.startswith("%") and not last.text.startswith("%")
        self.write(f"br label %{head}{self._unrolled() if fixed else ''}")
        self.begin(done)

    def _unrolled(self) -> str:
        """Return what stands behind the last branch of a loop to be written out."""
        if not self.unrolls:
            return ""
        self.module[UNROLL] = '!0 = !{!"llvm.loop.unroll.full"}'
        name = f"!{len(self.module)}"
        self.module[name] = f"{name} = distinct !{{{name}, !0}}"
        return f", !llvm.loop {name}"

    @contextmanager
    def when(self, truth: Value) -> Iterator[None]:
        """Do the block only where a scalar truth holds."""
        inside, done = self.label(), self.label()
        self.write(f"br i1 {truth.text}, label %{inside}, label %{done}")
        self.begin(inside)
        yield
        self.write(f"br label %{done}")
        self.begin(done)

    @contextmanager
    def repeat_while(self) -> Iterator[Callable[[Value], None]]:
        """Repeat the block; call what is yielded with a truth to leave there."""
        head, done = self.label(), self.label()
        self.write(f"br label %{head}")
        self.begin(head)

        def leave(truth: Value) -> None:
            on = self.label()
            self.write(f"br i1 {truth.text}, label %{done}, label %{on}")
            self.begin(on)

        yield leave
        self.write(f"br label %{head}")
        self.begin(done)


def _number(value: Any, element: str) -> str:
    """Return a number as LLVM writes it; floats by their bits, so that none is lost."""
    if element == "i1":
        return "true" if value else "false"
    if element not in FLOATS:
        return str(int(value))
    number = float(value)
    if element == "float":
        number = as_float32(number)
    return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"


def as_float32(number: float) -> float:
    """Return a number as float32 holds it."""
    try:
        rounded: float = struct.unpack("<f", struct.pack("<f", number))[0]
    except OverflowError:
        rounded = float("inf") if number > 0 else float("-inf")
    return rounded
