"""Loops over the rows of a matrix that keep up to 104 neurons in vector registers: LLVM's code, put together by hand.

Compiled from a loop over single numbers, a sum of rows is loaded from memory and stored again with each row. Here it
stays in V registers of 8 numbers from the first row to the last. As V is known only when the loop runs, there is a
loop for every V up to `MOST`, and a jump to the one that is needed.

The loops take pointers, as a slice of an array counts references, which costs as much as a dozen additions.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

LANES = 8  # float32 in a register
MOST = 13  # registers for neurons, so many that 100 neurons need one loop; x86-64 has 16
LINE = 64  # bytes that memory hands over at once

INT, INT32, FLOAT, BYTES = ir.IntType(64), ir.IntType(32), ir.FloatType(), ir.IntType(8).as_pointer()
VECTOR = ir.VectorType(FLOAT, LANES)


code: Any = intrinsic  # its types say nothing


@code
def at(_: Any, array: Any, *indices: Any) -> Any:
    """A pointer to the element of an array that has these indices."""

    def generate(context: Any, build: Any, signature: Any, given: Any) -> Any:
        held, numbers = make_array(array)(context, build, given[0]), cgutils.unpack_tuple(build, given[1])
        place = build.bitcast(held.data, BYTES)
        for number, kind, stride in zip(numbers, indices, cgutils.unpack_tuple(build, held.strides), strict=True):
            place = build.gep(place, [build.mul(context.cast(build, number, kind, types.intp), stride)])
        return build.bitcast(place, held.data.type)

    return types.CPointer(array.dtype)(array, types.StarArgTuple.from_types(indices)), generate


@code
def prefetch(_: Any, first: Any, count: Any) -> Any:
    """Have memory send `count` elements, from the one that a pointer points to on, and go on meanwhile."""

    def generate(context: Any, build: Any, signature: Any, given: Any) -> Any:
        shape = ir.FunctionType(ir.VoidType(), [BYTES, INT32, INT32, INT32])
        function = cgutils.get_or_insert_function(build.module, shape, "llvm.prefetch.p0i8")
        place, item = build.bitcast(given[0], BYTES), context.get_abi_sizeof(context.get_value_type(first.dtype))
        size = build.mul(context.cast(build, given[1], count, types.intp), INT(item))
        to_read = INT32(0), INT32(2), INT32(1)  # in the second-level cache, as data
        with cgutils.for_range_slice(build, INT(0), size, INT(LINE)) as (offset, _):
            build.call(function, [build.gep(place, [offset]), *to_read])
        return context.get_dummy_value()

    return types.void(first, count), generate


def _loop(step: Callable[..., None]) -> Any:
    """f(rows, stride, index, value, pace, count, z, width): a loop over `count` rows of a matrix, each done by `step`.

    Row i begins index[i] * stride numbers after `rows`, or i * stride where index is None. It has `width` numbers, a
    multiple of `LANES`, as the vector z has. Its weight is value[i * pace]. All but index are float32;
    value may be uint8, too.
    """

    @code
    def over_rows(
        _: Any, rows: Any, stride: Any, index: Any, value: Any, pace: Any, count: Any, z: Any, width: Any
    ) -> Any:
        def generate(context: Any, build: Any, signature: Any, given: Any) -> Any:
            rows, stride, index, value, pace, count, z, width = given
            end = build.append_basic_block("end")
            jump = build.switch(build.udiv(width, INT(LANES)), end)
            for registers in range(1, MOST + 1):
                jump.add_case(INT(registers), block := build.append_basic_block())
                build.position_at_end(block)
                held = [cgutils.alloca_once_value(build, _load(build, place)) for place in _places(build, z, registers)]
                with cgutils.for_range(build, count) as loop:
                    i = build.zext(build.load(build.gep(index, [loop.index])), INT) if indexed else loop.index
                    places = _places(build, build.gep(rows, [build.mul(i, stride)]), registers)
                    step(build, places, build.gep(value, [build.mul(loop.index, pace)]), held)
                for place, register in zip(_places(build, z, registers), held, strict=True):
                    _store(build, build.load(register), place)
                build.branch(end)
            build.position_at_end(end)
            return context.get_dummy_value()

        indexed, n = not isinstance(index, types.NoneType), types.intp
        return types.void(rows, n, index, value, n, n, z, n), generate

    @njit
    def loop(rows: Any, stride: Any, index: Any, value: Any, pace: Any, count: Any, z: Any, width: Any) -> Any:
        """Not part of its callers, in which LLVM would repeat all those loops."""
        over_rows(rows, stride, index, value, pace, count, z, width)

    return loop


def _places(build: Any, first: Any, registers: int) -> list[Any]:
    return [build.gep(build.bitcast(first, VECTOR.as_pointer()), [INT(k)]) for k in range(registers)]


def _load(build: Any, place: Any) -> Any:
    vector = build.load(place)
    vector.align = 4  # rows of a matrix may begin anywhere
    return vector


def _store(build: Any, vector: Any, place: Any) -> None:
    build.store(vector, place).align = 4


def _spread(build: Any, place: Any) -> Any:
    """A vector that has the number in this place, float32 or uint8, in every lane."""
    number = build.load(place)
    if number.type != FLOAT:
        number = build.uitofp(number, FLOAT)
    nothing = ir.Constant(VECTOR, ir.Undefined)
    first = build.insert_element(nothing, number, INT32(0))
    return build.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(INT32, LANES), [0] * LANES))


def _multiply_add(build: Any, x: Any, y: Any, z: Any) -> Any:
    """Return x * y + z, rounded once where the processor can."""
    function = cgutils.get_or_insert_function(build.module, ir.FunctionType(VECTOR, [VECTOR] * 3), "llvm.fmuladd.v8f32")
    return build.call(function, [x, y, z])


def _sum_step(build: Any, row: list[Any], weight: Any, z: list[Any]) -> None:
    spread = _spread(build, weight)
    for place, register in zip(row, z, strict=True):
        build.store(_multiply_add(build, spread, _load(build, place), build.load(register)), register)


def _outer_step(build: Any, row: list[Any], weight: Any, z: list[Any]) -> None:
    spread = _spread(build, weight)
    for place, register in zip(row, z, strict=True):  # one by one, as LLVM would load all before it stores one
        _store(build, _multiply_add(build, spread, build.load(register), _load(build, place)), place)


def _dot_step(build: Any, row: list[Any], weight: Any, z: list[Any]) -> None:
    total = ir.Constant(VECTOR, None)
    for place, register in zip(row, z, strict=True):
        total = _multiply_add(build, _load(build, place), build.load(register), total)
    shape = ir.FunctionType(FLOAT, [FLOAT, VECTOR])
    function = cgutils.get_or_insert_function(build.module, shape, "llvm.vector.reduce.fadd.v8f32")
    build.store(build.call(function, [build.load(weight), total], fastmath=("reassoc",)), weight)


add_rows = _loop(_sum_step)  # z += sum of value[i] row_i
add_outer = _loop(_outer_step)  # row_i += value[i] z
add_products = _loop(_dot_step)  # value[i] += row_i . z
