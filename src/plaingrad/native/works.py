"""Kernels as functions: each finds its arrays, and calls what works on them."""

from __future__ import annotations

from collections.abc import Sequence

from .ahead import write_ahead
from .blocks import Plan
from .builder import I64, PTR, Builder, Kind, Value
from .choose import Design
from .loops import Kernel, Load
from .nest import choose_lane, write_fold, write_map
from .places import Places
from .product import write_product
from .renew import Following, renewal, write_renewal
from .scope import Scope
from .straight import turns

ARGUMENTS = (
    *(("table", PTR), ("arena", PTR), ("tile", PTR), ("shared", PTR), ("sums", PTR)),
    *(
        ("batch", PTR),
        ("part", I64),
        ("rows", I64),
        ("first", I64),
        ("n", Kind("double")),
    ),
    *(("me", I64), ("threads", I64)),
)
WORK = "work?"
"""The name of a function that has none yet."""
SMALL = 64
"""Up to how many points a kernel is written where it is called."""
LARGE = 4096
"""From how many entries on threads share the work of a kernel outside of tiles."""


class Works:
    """The writing of kernels as functions.

    Parameters
    ----------
    module, functions
        Where declarations and functions are gathered.
    """

    def __init__(
        self,
        design: Design,
        places: Places,
        module: dict[str, str],
        functions: list[str],
    ) -> None:
        self.design, self.layout, self.places = design, design.layout, places
        self.module, self.functions = module, functions
        self._names: dict[str, str] = {}

    def write(self, kernel: Kernel, name: str) -> None:
        """Write a kernel as a function that finds its arrays, and works on them.

        The work is a function of its own. Kernels of layers of one size differ only by
        where their arrays are, and share it: LLVM takes as long as its text is.
        """
        held = [(argument, PTR) for argument in self.places.held.values()]
        given = [*ARGUMENTS, *held]
        b = Builder(self.module, name, given, "nounwind alwaysinline")
        work, used = self._work(kernel, given)
        passed = dict(b.arguments)
        for place, buffer in enumerate(kernel.touched()):
            if f"base{place}" in used:
                passed[f"base{place}"] = self.places.base(b, buffer, kernel)
        text = ", ".join(f"{passed[one].kind.text} {passed[one].text}" for one in used)
        b.write(f"call void @{work}({text})")
        self.functions.append(b.text())

    def _work(
        self, kernel: Kernel, given: Sequence[tuple[str, Kind]]
    ) -> tuple[str, list[str]]:
        """Return the name of the function that does a kernel's work, and its arguments.

        Those are some of the given ones, and where the buffers begin.
        """
        # what takes no longer than a call had better not be one
        layout = self.layout.of(kernel)
        straight = self.design.straight
        small = straight or turns(kernel, layout.tile) <= SMALL
        found = {x: f"base{place}" for place, x in enumerate(kernel.touched())}
        b = Builder(
            self.module,
            WORK,
            [*given, *((base, PTR) for base in found.values())],
            "nounwind alwaysinline" if small else "nounwind",
        )
        b.unrolls, b.reciprocal = straight, self.design.target.reciprocal
        plan = self.design.plans.get(kernel)
        sizes = {name: b.arguments[name] for name in ("rows", "first", "n")}
        lane = choose_lane(kernel, layout) if plan is None else plan.lane
        bases = {buffer: b.arguments[base] for buffer, base in found.items()}
        scope = Scope(b, kernel, layout, bases.__getitem__, sizes, lane)
        if self.shared(kernel):
            scope.shared = b.arguments["me"], b.arguments["threads"]
        if kernel.how == "map":
            write_map(scope)
        elif kernel.how == "product":
            self._product(scope, plan)
        else:
            write_fold(scope)
        used, text = b.drop_unused(), b.text()
        if text not in self._names:
            self._names[text] = f"work{len(self._names)}"
            self.functions.append(text.replace(WORK, self._names[text]))
        return self._names[text], used

    def _product(self, scope: Scope, plan: Plan | None) -> None:
        """Write a product: on its own, as a renewal, or with one made ahead."""
        kernel, ahead = scope.kernel, self.places.ahead
        following = self._following(scope.b)
        found = renewal(kernel, self.layout)
        if found is not None:
            places = self._listed(scope.b, found.x)
            makes = ahead is not None and kernel is ahead.renewal
            write_renewal(scope, found, places, following if makes else None)
            return
        places = None if plan is None else self._listed(scope.b, plan.first)
        if following is not None and ahead is not None and kernel is ahead.product:
            write_ahead(scope, following, lambda: write_product(scope, plan, places))
        else:
            write_product(scope, plan, places)

    def _listed(self, b: Builder, x: Load) -> Value | None:
        """Return where the list of places that count is, of a product's sample."""
        places = self.places.lists.get(x.buffer)
        if places is None:
            return None
        return b.at(b.arguments["arena"], self.places.own.places[places], "i8")

    def _following(self, b: Builder) -> Following | None:
        """Return what a product that is made ahead is made of."""
        ahead = self.places.ahead
        if ahead is None:
            return None
        sums, known, sample = (
            self.places.whole(b, x, writing=False)
            for x in (ahead.sums, ahead.known, ahead.sample)
        )
        return Following(b.load(sample, PTR), sums, known)

    def shared(self, kernel: Kernel) -> bool:
        """Tell whether threads share the work of a kernel outside of their tiles."""
        if turns(kernel, self.layout.tile) < LARGE or any(s.add for s in kernel.stores):
            return False
        together, within = self.design.together, kernel.level % 2 == 1
        if kernel.how == "map":
            return together or not within
        plan, ahead = self.design.plans.get(kernel), self.places.ahead
        if plan is None or not (together and within):
            return False
        # only the first thread has the list of a sample, and what was made ahead of it
        return not (
            renewal(kernel, self.layout)
            or plan.first.buffer in self.places.lists
            or (ahead is not None and kernel is ahead.product)
        )
