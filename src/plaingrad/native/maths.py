"""Elementary functions as instructions: no calls, no branches, any number of lanes.

A function brings its argument into a short interval, where a polynomial does, and then
puts bits into the exponents of floats to undo that. Each sum and product must be
rounded by itself, except in `fma`, which may round once or twice; so the instructions
built here must not be marked as fast.

The errors given are the largest seen, for float and double, with a fused multiply-add
or without, in ulp: the distance of neighbouring floats. The polynomials are minimax
fits made for this file (Remez's algorithm in 60 digits for double, linear programs over
rounded coefficients for float); the error of a fit is relative to the function.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan

from .builder import Builder, Value


@dataclass(frozen=True, slots=True)
class Format:
    """How a float is laid out: all its bits, and those of its fraction."""

    size: int
    digits: int

    @property
    def integer(self) -> str:
        """The whole number of the same size."""
        return f"i{self.size}"

    @property
    def bias(self) -> int:
        """What is added to an exponent."""
        return (1 << (self.size - self.digits - 2)) - 1

    @property
    def one(self) -> int:
        """The bits of 1."""
        return self.bias << self.digits

    @property
    def sign(self) -> int:
        """The bit of the sign."""
        return -1 << (self.size - 1)

    @property
    def fraction(self) -> int:
        """The bits of the fraction."""
        return (1 << self.digits) - 1

    @property
    def magic(self) -> float:
        """What rounds a float when added, and leaves a whole number in its bits."""
        return 1.5 * 2.0**self.digits


FORMATS = {"float": Format(32, 23), "double": Format(64, 52)}

LN2 = math.log(2)
# ln 2 in two parts: the first has so few bits that products with exponents are exact
LN2_PARTS = {
    "float": (0.693145751953125, 1.4286068203094173e-06),
    "double": (0.6931471805598903, 5.497923018708371e-14),
}
# the bits of sqrt(1 / 2)
SQRT_HALF = {"float": 0x3F3504F3, "double": 0x3FE6A09E667F3BCD}
# pi / 2 in three parts, exact in products with whole numbers up to 2**20
HALF_PI = (1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21)
# beyond the first exp is 0, beyond the second it is infinite
EXP_ENDS = {"float": (-104.0, 89.0), "double": (-746.0, 710.0)}
# beyond this tanh rounds to 1
TANH_END = {"float": 9.25, "double": 19.25}

# exp(r) = 1 + r + r**2 * EXP(r) for |r| <= ln 2; errors 1.9e-8 and 2.8e-17, for
# exp(r) - 1 3.9e-8 and 3.6e-17
EXP = {
    "float": (
        0.5000002384185791,
        0.16666625440120697,
        0.04166204482316971,
        0.008335765451192856,
        0.001409239717759192,
        0.00019627909932751209,
    ),
    "double": (
        0.4999999999999996,
        0.16666666666666802,
        0.041666666666690805,
        0.008333333333294472,
        0.0013888888884710368,
        0.00019841269877273363,
        2.4801590341536894e-05,
        2.755730502499302e-06,
        2.7556252780385044e-07,
        2.5054477380114863e-08,
        2.1055529165910206e-09,
        1.5960783363581503e-10,
    ),
}
# float: log(1 + f) = f - f**2 / 2 + f**3 * LOG(f), error 5.9e-9;
# double: log((1 + s) / (1 - s)) = s * (2 + z * LOG(z)), z = s**2, error 1.3e-18;
# both for 1 + f from sqrt(1 / 2) to sqrt(2)
LOG = {
    "float": (
        0.3333333134651184,
        -0.250008225440979,
        0.20001260936260223,
        -0.16623330116271973,
        0.14200924336910248,
        -0.13159580528736115,
        0.1276748776435852,
        -0.07643799483776093,
    ),
    "double": (
        0.6666666666666734,
        0.39999999999416536,
        0.2857142874206629,
        0.22222198599993553,
        0.18183563164166205,
        0.15314075722978715,
        0.14795734606084443,
    ),
}
# log((1 + s) / (1 - s)) = s / 1.5 * (3 + z + z**2 * POWER(z)), error 1.2e-20
POWER = (
    0.6000000000000338,
    0.428571428551495,
    0.3333333377984581,
    0.2727267655510673,
    0.23080135751816916,
    0.19885233143378306,
    0.19794426079923333,
)
# 1 / (1.5 ln 2) in two parts, the first of 26 bits
POWER_SCALE = (0.9617966860532761, 7.872699542894897e-09)
# tanh(r) = r + r * z * TANH(z), z = r**2, |r| <= ln 2; errors 1.4e-8 and 4.5e-18
TANH = {
    "float": (
        -0.33333203196525574,
        0.13329409062862396,
        -0.05357959493994713,
        0.020148321986198425,
        -0.005191037897020578,
    ),
    "double": (
        -0.3333333333333313,
        0.13333333333304642,
        -0.05396825395398933,
        0.021869488179581033,
        -0.008863230290053998,
        0.003592078808555473,
        -0.0014555241609659393,
        0.0005886816918718861,
        -0.00023507234993984364,
        8.846145447110062e-05,
        -2.7344739378902136e-05,
        4.899937976807671e-06,
    ),
}
# sin(r) = r + r * z * SIN(z), z = r**2, |r| <= pi / 4; errors 4.0e-9 and 3.8e-18
SIN = {
    "float": (-0.16666655242443085, 0.008332188241183758, -0.00019518093904480338),
    "double": (
        -0.1666666666666663,
        0.00833333333332184,
        -0.00019841269829358522,
        2.7557313538505505e-06,
        -2.5050734386192164e-08,
        1.5895432985547638e-10,
    ),
}
# cos(r) = 1 - z / 2 + z**2 * COS(z); errors 1.2e-10 and 5.7e-20
COS = {
    "float": (0.04166664555668831, -0.0013887309469282627, 2.4432327336398885e-05),
    "double": (
        0.041666666666666595,
        -0.001388888888887334,
        2.4801587288999735e-05,
        -2.755731421615211e-07,
        2.0875705254081907e-09,
        -1.1358741027706604e-11,
    ),
}


def polynomial(b: Builder, x: Value, coefficients: Sequence[float]) -> Value:
    """Return a polynomial, lowest power first, by Horner's rule."""
    *rest, last = coefficients
    made = b.coerce(last, x.kind)
    for coefficient in reversed(rest):
        made = b.fma(made, x, coefficient)
    return made


# Exponentials.


def exp(b: Builder, x: Value) -> Value:
    """Return e to the power of x; error 1.7 ulp.

    x = 2 m ln 2 + r, and exp(x) = exp(r) * 2**m * 2**m: two factors, since one would
    leave the exponents of floats before exp(x) does. Denormal results are kept.
    """
    r, scale = _reduced(b, _between(b, x, *EXP_ENDS[x.kind.element]))
    return _exp_of(b, r, scale)


def expm1(b: Builder, x: Value) -> Value:
    """Return exp(x) - 1, exact for small x; error 1.8 ulp."""
    r, scale = _reduced(b, _between(b, x, *EXP_ENDS[x.kind.element]))
    # half of it at first: 4**m may be infinite where the result is not
    half = scale * 0.5
    made = b.fma(half, scale * _expm1_near_zero(b, r), b.fma(half, scale, -0.5))
    return b.intrinsic("copysign", made + made, x)


def sigmoid(b: Builder, x: Value) -> Value:
    """Return 1 / (1 + exp(-x)) as exp(x) / (exp(x) + 1); error 3.1 ulp."""
    # for exp(x) = inf the quotient would be nan; it is 1 long before
    lowest = EXP_ENDS[x.kind.element][0]
    e = _exp_of(b, *_reduced(b, _between(b, x, lowest, 40.0)))
    return b.quotient(e, e + 1.0)


def tanh(b: Builder, x: Value) -> Value:
    """Return the hyperbolic tangent; error 2.2 ulp; never beyond -1 and 1.

    |x| = 2 m ln 2 + r, and tanh(|x|) = (k - 1 + (k + 1) t) / (k + 1 + (k - 1) t) with
    k = 16**m, t = tanh(r). Here m is so small that k is one float, and what ln 2 lacks
    in one float does not show.
    """
    element = x.kind.element
    form = FORMATS[element]
    size = b.minimum(absolute(b, x), TANH_END[element])
    # four times the lowest bits are the exponent of 2 k
    shift = form.magic + (form.bias + 1) // 4
    whole = b.fma(size, 0.5 / LN2, shift)
    r = b.fma(whole - shift, -2 * LN2, size)
    scale = _with_exponent(b, whole, 2)
    z = r * r
    t = b.fma(r * z, polynomial(b, z, TANH[element]), r)
    above = b.fma(scale + 2.0, t, scale - 2.0)
    # the denominator by its distance, so that errors of one are those of the other
    below = above + b.fma(t, -4.0, 4.0)
    return b.intrinsic("copysign", b.quotient(above, below), x)


def _reduced(b: Builder, x: Value) -> tuple[Value, Value]:
    """Return r and 2**m, where x = 2 m ln 2 + r and |r| <= ln 2."""
    element = x.kind.element
    form, (high, low) = FORMATS[element], LN2_PARTS[element]
    # the lowest bits of t are m and the bias, the exponent of 2**m
    shift = form.magic + form.bias
    t = b.fma(x, 0.5 / LN2, shift)
    m = t - shift
    r = b.fma(m, -2 * low, b.fma(m, -2 * high, x))
    return r, _with_exponent(b, t)


def _with_exponent(b: Builder, t: Value, more: int = 0) -> Value:
    """Return the power of two with the lowest bits of t, times 2**more, as exponent."""
    form = FORMATS[t.kind.element]
    return b.bits(b.bits(t, form.integer) << (form.digits + more), t.kind.element)


def _exp_of(b: Builder, r: Value, scale: Value) -> Value:
    """Return exp(r) * scale**2."""
    return b.fma(_expm1_near_zero(b, r), scale, scale) * scale


def _expm1_near_zero(b: Builder, r: Value) -> Value:
    return b.fma(r * r, polynomial(b, r, EXP[r.kind.element]), r)


# Logarithms.


def log(b: Builder, x: Value) -> Value:
    """Return the natural logarithm; error 1 ulp."""
    return _log_at_ends(b, x, _log_of(b, *_split(b, x)))


def log1p(b: Builder, x: Value) -> Value:
    """Return log(1 + x), exact for small x; error 1.5 ulp."""
    form = FORMATS[x.kind.element]
    u = x + 1.0
    f, place = _fraction(b, u)
    # What rounding 1 + x lost goes back into the fraction, by 2**-e. Twice that is
    # taken, and half in return: 2**-e itself may be too small for its bits.
    twice = b.bits((2 * form.bias + 1 - place) << form.digits, x.kind.element)
    f = b.fma((x - (u - 1.0)) * twice, 0.5, f)
    made = _log_of(b, f, _exponent(b, place, x.kind.element))
    return _log_at_ends(b, u, b.intrinsic("copysign", made, x))


def softplus(b: Builder, x: Value) -> Value:
    """Return log(1 + exp(x)) without overflow; error 2.3 ulp."""
    return b.maximum(x, 0.0) + _log_one_plus(b, exp(b, -absolute(b, x)))


def logaddexp(b: Builder, x: Value, y: Value) -> Value:
    """Return log(exp(x) + exp(y)) without overflow.

    The error is 2 ulp of the largest of x, y and the result in size.
    """
    # the difference of two infinities would be nan
    apart = b.select(x.equals(y), 0.0, -absolute(b, x - y))
    return b.maximum(x, y) + _log_one_plus(b, exp(b, apart))


def _split(b: Builder, x: Value) -> tuple[Value, Value]:
    """Return f and e, where x = 2**e * (1 + f) for positive x; see `_fraction`."""
    form = FORMATS[x.kind.element]
    denormal = x < 2.0 ** (1 - form.bias)
    f, place = _fraction(b, b.select(denormal, x * 2.0**form.digits, x))
    less = b.select(denormal, b.constant(form.digits, x.kind), 0.0)
    return f, _exponent(b, place, x.kind.element) - less


def _fraction(b: Builder, x: Value) -> tuple[Value, Value]:
    """Return f and e + bias, a whole number, where x = 2**e * (1 + f).

    1 + f lies between sqrt(1 / 2) and sqrt(2).
    """
    form, root = FORMATS[x.kind.element], SQRT_HALF[x.kind.element]
    bits = b.bits(x, form.integer) + (form.one - root)
    near_one = b.bits((bits & form.fraction) + root, x.kind.element)
    return near_one - 1.0, bits >> form.digits


def _exponent(b: Builder, place: Value, element: str) -> Value:
    """Return e as a float from e + bias."""
    form = FORMATS[element]
    # small numbers in the lowest bits of 2**digits
    start = (form.bias + form.digits) << form.digits
    return b.bits(place | start, element) - (2.0**form.digits + form.bias)


def _log_of(b: Builder, f: Value, e: Value) -> Value:
    """Return log(2**e * (1 + f))."""
    element = f.kind.element
    high, low = LN2_PARTS[element]
    half = f * f * 0.5
    if element == "float":
        rest = b.fma(f * (f * f), polynomial(b, f, LOG[element]), e * low)
        return b.fma(e, high, f + (rest - half))
    s = f / (f + 2.0)
    z = s * s
    rest = b.fma(s, b.fma(z, polynomial(b, z, LOG[element]), half), e * low)
    return b.fma(e, high, f + (rest - half))


def _log_at_ends(b: Builder, x: Value, made: Value) -> Value:
    """Return log(x) where x is not positive and finite, and what was made elsewhere."""
    low = b.select(x.equals(0.0), b.constant(-inf, x.kind), nan)
    return b.select(x > 0.0, b.select(x < inf, made, inf), low)


def _log_one_plus(b: Builder, t: Value) -> Value:
    """Return log(1 + t) for t from 0 to 1."""
    large = t > 2**0.5 - 1
    f = b.select(large, b.fma(t, 0.5, -0.5), t)
    return _log_of(b, f, b.select(large, b.constant(1, t.kind), 0.0))


# Powers.


def power_whole(b: Builder, x: Value, n: int) -> Value:
    """Return x to the power of a small whole number, by repeated squaring."""
    if n < 0:
        return 1.0 / power_whole(b, x, -n)
    made: Value | None = None
    while n:
        if n & 1:
            made = x if made is None else made * x
        n >>= 1
        if n:
            x = x * x
    return b.constant(1, x.kind) if made is None else made


def power(b: Builder, x: Value, y: Value) -> Value:
    """Return x to the power of y as NumPy does; error 2 ulp (float 0.6)."""
    element = x.kind.element
    size = absolute(b, x)
    # y beyond the clamp gives 0, 1 or infinity all the same, and inf * log(1) is nan
    exponent = _between(b, y, -(2.0**65), 2.0**65)
    if element == "float":
        wide = b.convert(exponent, "double") * log(b, b.convert(size, "double"))
        made = b.convert(exp(b, wide), "float")
    else:
        made = _power_of_positive(b, size, exponent)
    made = made + (x - x)  # nan where x is nan
    whole = floor(b, y).equals(y)
    made = b.select((x < 0.0) & ~whole, b.constant(nan, x.kind), made)
    at_end = size.equals(0.0) | size.equals(inf)
    falls = (size > 1.0) ^ (exponent > 0.0)
    end = b.select(falls, b.constant(0, x.kind), inf) + exponent * 0.0
    made = b.select(at_end, end, made)
    odd = whole & ~floor(b, y * 0.5).equals(y * 0.5)
    signed = b.intrinsic("copysign", made, b.coerce(x, made.kind))
    made = b.select(odd, signed, made)
    return b.select(x.equals(1.0) | y.equals(0.0), 1.0, made)


def _power_of_positive(b: Builder, x: Value, y: Value) -> Value:
    """Return x**y = 2**(y log2(x)) for double x > 0, with the product in two parts."""
    log_high, log_low = _log2_in_parts(b, x)
    y_high = _high(b, y)
    high = y_high * log_high
    low = b.fma(y - y_high, log_high, y * log_low)
    total = high + low
    low = _between(b, (high - total) + low, -1.0, 1.0)
    total = _between(b, total, -1100.0, 1100.0)
    shift = FORMATS["double"].magic + FORMATS["double"].bias
    t = b.fma(total, 0.5, shift)
    r = (b.fma(t - shift, -2.0, total) + low) * LN2
    return _exp_of(b, r, _with_exponent(b, t))


def _log2_in_parts(b: Builder, x: Value) -> tuple[Value, Value]:
    """Return log2(x) as a sum of two doubles, the first of 26 bits; error 2**-63.

    The series in s = (m - 1) / (m + 1), as in `log`, with what is lost in its large
    terms carried along: `_high` cuts a factor down so far that products are exact.
    """
    f, e = _split(b, x)
    below = f + 2.0
    below_high = _high(b, below)
    below_low = f - (below_high - 2.0)
    inverse = 1.0 / below
    s = f * inverse
    s_high = _high(b, s)
    s_low = inverse * ((f - s_high * below_high) - s_high * below_low)
    z = s * s
    z_high = s_high * s_high
    rest = b.fma(z * z, polynomial(b, z, POWER), s_low * (s_high + s))
    series_high = _high(b, z_high + 3.0 + rest)
    series_low = rest - ((series_high - 3.0) - z_high)
    first = s_high * series_high
    second = b.fma(s_low, series_high, s * series_low)
    high = _high(b, first + second)
    low = second - (high - first)
    scale_high, scale_low = POWER_SCALE
    large = high * scale_high
    small = b.fma(high, scale_low, low * (scale_high + scale_low))
    result = _high(b, e + (large + small))
    return result, small - ((result - e) - large)


def _high(b: Builder, x: Value) -> Value:
    """Return a double cut to 26 bits, so that products of two are exact."""
    return b.bits(b.bits(x, "i64") & (-1 << 27), "double")


# Sine and cosine.


def sin(b: Builder, x: Value) -> Value:
    """Return the sine; error 1.6 ulp to |x| = 1e6.

    Beyond, the error grows as 1e-15 |x| on machines that have no fused multiply-add.
    From 1e15 on the result is nan: doubles are too coarse there to find the quarter.
    """
    return _wave(b, x, 0)


def cos(b: Builder, x: Value) -> Value:
    """Return the cosine; error as that of `sin`."""
    return _wave(b, x, 1)


def _wave(b: Builder, x: Value, ahead: int) -> Value:
    """Return sin(x + ahead * pi / 2)."""
    element = x.kind.element
    form = FORMATS[element]
    r, quarter = _quarter(b, x)
    quarter = quarter + ahead
    z = r * r
    sine = b.fma(r * z, polynomial(b, z, SIN[element]), r)
    sine = b.intrinsic("copysign", sine, r)
    cosine = b.fma(z * z, polynomial(b, z, COS[element]), b.fma(z, -0.5, 1.0))
    made = b.select((quarter & 1).equals(0), sine, cosine)
    turned = (quarter << (form.size - 2)) & form.sign
    return b.bits(b.bits(made, form.integer) ^ turned, element)


def _quarter(b: Builder, x: Value) -> tuple[Value, Value]:
    """Return r and n, where x = n * pi / 2 + r and |r| <= pi / 4.

    This is done in double for floats too: near multiples of pi / 2 little is left of x.
    """
    element = x.kind.element
    wide = b.convert(b.select(absolute(b, x) < 1e15, x, nan), "double")
    first, second, third = HALF_PI
    magic = FORMATS["double"].magic
    t = b.fma(wide, 2 / math.pi, magic)
    n = t - magic
    rest = b.fma(n, -first, wide)
    quarter = b.convert(b.bits(t, "i64"), FORMATS[element].integer)
    if element == "float":
        r = b.fma(n, -(second + third), rest)
        return b.convert(r, element), quarter
    step = n * second
    r = rest - step
    lost = (r - rest) + step
    return r - b.fma(n, third, lost), quarter


# Whole numbers, signs and bounds.


def floor(b: Builder, x: Value) -> Value:
    """Return the largest whole number that is not above x."""
    magic = 2.0 ** FORMATS[x.kind.element].digits
    size = absolute(b, x)
    near = b.intrinsic("copysign", (size + magic) - magic, x)
    below = b.select(near > x, near - 1.0, near)
    return b.select(size < magic, below, x)  # larger floats are whole


def floordiv(b: Builder, x: Value, y: Value) -> Value:
    """Return the floor of the exact quotient, as NumPy's `//` does."""
    quotient = floor(b, x / y)
    # a quotient just below a whole number may have been rounded to it
    rest = b.select(quotient.equals(0.0), x, _remainder(b, x, quotient, y))
    past = rest * b.intrinsic("copysign", b.constant(1, y.kind), y) < 0.0
    made = b.select(past, quotient - 1.0, quotient)
    return b.select(absolute(b, x).equals(inf) & (absolute(b, y) > 0.0), nan, made)


def _remainder(b: Builder, x: Value, quotient: Value, y: Value) -> Value:
    """Return x - quotient * y, with the product exact."""
    if x.kind.element == "float":
        wide, times, divisor = (b.convert(v, "double") for v in (x, quotient, y))
        return b.convert(wide - times * divisor, "float")
    times, divisor = _high(b, quotient), _high(b, y)
    product = quotient * y
    lost = (times * divisor - product) + times * (y - divisor)
    lost = lost + (quotient - times) * divisor + (quotient - times) * (y - divisor)
    return (x - product) - lost


def sign(b: Builder, x: Value) -> Value:
    """Return -1, 0 or 1, and nan for nan."""
    one = b.intrinsic("copysign", b.constant(1, x.kind), x)
    return b.select(absolute(b, x) > 0.0, one, x + 0.0)


def absolute(b: Builder, x: Value) -> Value:
    """Return the absolute value."""
    return b.intrinsic("fabs", x)


def _between(b: Builder, x: Value, low: float, high: float) -> Value:
    """Return x, or the bound beyond which it lies; nan where it is nan."""
    return b.minimum(b.maximum(x, low), high)
