"""Loops over the rows of a matrix, written in LLVM code by hand. They keep up to 104 neurons in vector registers.

A loop compiled by numba loads the running sum from memory, and stores it again, for every row. Here the sum stays in V
registers of 8 numbers from the first row to the last. V is known only at run time, so there is a loop for every V up to
`MOST`, and a jump to the right loop.

The loops take pointers, because slicing an array counts references, which costs as much as a dozen additions.
"""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from llvmlite.ir import IRBuilder as Builder
from llvmlite.ir import Value
from numba import njit, types
from numba.core import cgutils
from numba.core.base import BaseContext
from numba.core.types import Type as Kind
from numba.core.typing import Signature
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

LANES = 8  # float32 numbers in a register
MOST = 13  # registers for neurons: 100 neurons fit one loop, and three of the 16 registers of AVX2 are left
LINE = 64  # bytes in a cache line

INT, INT32, FLOAT, BYTES = ir.IntType(64), ir.IntType(32), ir.FloatType(), ir.IntType(8).as_pointer()
VECTOR = ir.VectorType(FLOAT, LANES)
Code = tuple[Signature, Callable[..., Value]]  # the types of a function, and what writes its LLVM code


@intrinsic
def at(_: BaseContext, array: types.Array, *indices: Kind) -> Code:
    """Return a pointer to the element of an array at these indices, which must not be negative and are not checked."""

    def generate(context: BaseContext, build: Builder, _: Signature, arguments: Sequence[Value]) -> Value:
        struct, numbers = make_array(array)(context, build, arguments[0]), cgutils.unpack_tuple(build, arguments[1])
        place = build.bitcast(struct.data, BYTES)
        for number, kind, stride in zip(numbers, indices, cgutils.unpack_tuple(build, struct.strides), strict=True):
            place = build.gep(place, [build.mul(context.cast(build, number, kind, types.intp), stride)])
        return build.bitcast(place, struct.data.type)

    return types.CPointer(array.dtype)(array, types.StarArgTuple.from_types(indices)), generate


@intrinsic
def prefetch(_: BaseContext, first: types.CPointer, count: Kind) -> Code:
    """Request `count` elements from memory, starting at a pointer, without waiting for them."""

    def generate(context: BaseContext, build: Builder, _: Signature, arguments: Sequence[Value]) -> Value:
        shape = ir.FunctionType(ir.VoidType(), [BYTES, INT32, INT32, INT32])
        function = cgutils.get_or_insert_function(build.module, shape, "llvm.prefetch.p0i8")
        place, item = build.bitcast(arguments[0], BYTES), context.get_abi_sizeof(context.get_value_type(first.dtype))
        size = build.mul(context.cast(build, arguments[1], count, types.intp), INT(item))
        to_read = INT32(0), INT32(2), INT32(1)  # for reading, into the second-level cache, as data
        with cgutils.for_range_slice(build, INT(0), size, INT(LINE)) as (offset, _):
            build.call(function, [build.gep(place, [offset]), *to_read])
        return context.get_dummy_value()

    return types.void(first, count), generate


def _loop(step: Callable[..., None]) -> Any:
    """Return f(rows, stride, index, value, pace, count, held, width), which does `step` for each of `count` rows.

    Row i is the `width` floats at `rows + stride * index[i]`, or at `rows + stride * i` if index is None. Its value is
    `value[i * pace]`. The vector `held` of `width` floats stays in registers during the whole loop. `step` changes the
    row, its value or `held`. `rows` and `held` point to float32, `value` to float32 or uint8, `index` to uint16.
    `width` is a multiple of `LANES` and at most `MOST * LANES`.
    """

    @intrinsic
    def over_rows(
        _: BaseContext, rows: Kind, stride: Kind, index: Kind, value: Kind, pace: Kind, n: Kind, held: Kind, width: Kind
    ) -> Code:
        def generate(context: BaseContext, build: Builder, _: Signature, arguments: Sequence[Value]) -> Value:
            rows, stride, index, value, pace, count, held, width = arguments
            end, never = build.append_basic_block("end"), build.append_basic_block("never")
            jump = build.switch(build.udiv(width, INT(LANES)), never)
            build.position_at_end(never)
            build.unreachable()
            for registers in range(1, MOST + 1):
                jump.add_case(INT(registers), block := build.append_basic_block())
                build.position_at_end(block)
                vectors = _places(build, held, registers)
                slots = [cgutils.alloca_once_value(build, build.load(place, align=4)) for place in vectors]
                with cgutils.for_range(build, count) as loop:
                    i = build.zext(build.load(build.gep(index, [loop.index])), INT) if indexed else loop.index
                    places = _places(build, build.gep(rows, [build.mul(i, stride)]), registers)
                    step(build, places, build.gep(value, [build.mul(loop.index, pace)]), slots)
                for place, slot in zip(vectors, slots, strict=True):
                    build.store(build.load(slot), place, align=4)
                build.branch(end)
            build.position_at_end(end)
            return context.get_dummy_value()

        indexed, n = not isinstance(index, types.NoneType), types.intp
        return types.void(rows, n, index, value, n, n, held, n), generate

    def loop(rows: Any, stride: int, index: Any, value: Any, pace: int, count: int, held: Any, width: int) -> None:
        """Wrap the loops in a function, which LLVM does not copy into its callers."""
        over_rows(rows, stride, index, value, pace, count, held, width)

    # Compiled functions are linked by name. Numba appends a number, but counts from 0 in every process. If two
    # processes kept different functions under one name, the wrong function could be called.
    loop.__qualname__ = step.__name__
    return njit(loop)


def _places(build: Builder, first: Value, registers: int) -> list[Value]:
    return [build.gep(build.bitcast(first, VECTOR.as_pointer()), [INT(k)]) for k in range(registers)]


def _spread(build: Builder, place: Value) -> Value:
    """Return a vector with the number at this place, float32 or uint8, in every lane."""
    number = build.load(place)
    if number.type != FLOAT:
        number = build.uitofp(number, FLOAT)
    nothing = ir.Constant(VECTOR, ir.Undefined)
    first = build.insert_element(nothing, number, INT32(0))
    return build.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(INT32, LANES), [0] * LANES))


def _multiply_add(build: Builder, x: Value, y: Value, z: Value) -> Value:
    """Return x * y + z, rounded once if the processor supports it."""
    function = cgutils.get_or_insert_function(build.module, ir.FunctionType(VECTOR, [VECTOR] * 3), "llvm.fmuladd.v8f32")
    return build.call(function, [x, y, z])


def _sum_step(build: Builder, row: list[Value], number: Value, held: list[Value]) -> None:
    spread = _spread(build, number)
    for place, slot in zip(row, held, strict=True):
        build.store(_multiply_add(build, spread, build.load(place, align=4), build.load(slot)), slot)


def _outer_step(build: Builder, row: list[Value], number: Value, held: list[Value]) -> None:
    spread = _spread(build, number)
    for place, slot in zip(
        row, held, strict=True
    ):  # one by one: loading all of them first would take twice the registers
        build.store(_multiply_add(build, spread, build.load(slot), build.load(place, align=4)), place, align=4)


def _dot_step(build: Builder, row: list[Value], number: Value, held: list[Value]) -> None:
    total = ir.Constant(VECTOR, None)
    for place, slot in zip(row, held, strict=True):
        total = _multiply_add(build, build.load(place, align=4), build.load(slot), total)
    shape = ir.FunctionType(FLOAT, [FLOAT, VECTOR])
    function = cgutils.get_or_insert_function(build.module, shape, "llvm.vector.reduce.fadd.v8f32")
    as_tree = ("reassoc",)  # LLVM chooses the order of addition, the same in all copies of the function
    build.store(build.call(function, [build.load(number), total], fastmath=as_tree), number)


add_rows = _loop(_sum_step)  # held += sum of value[i] row_i
add_outer = _loop(_outer_step)  # row_i += value[i] held
add_products = _loop(_dot_step)  # value[i] += row_i . held
