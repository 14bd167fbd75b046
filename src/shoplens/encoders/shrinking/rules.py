"""How each kind of operator ties the channels of what it reads to those of what it makes, or pins them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import onnx

from shoplens.encoders.shrinking.ties import Fix, Ties


class Rules(Ties):
    """A rule for each kind of operator; `RULES` names them."""

    def unknown(self, number: int, node: onnx.NodeProto) -> None:
        for name in [*node.input, *node.output]:
            if name:
                self._pin(name)

    def _shape_of(self, number: int, node: onnx.NodeProto) -> None:
        """Says how long axes are; it says something else when they are shorter."""

    def _alike(self, number: int, node: onnx.NodeProto) -> None:
        self._same(node.input[0], node.output[0])

    def _together(self, number: int, node: onnx.NodeProto) -> None:
        out = node.output[0]
        shape = self._shape(out)
        for name in node.input:
            if not name:
                continue
            given = self._shape(name)
            for axis, size in enumerate(given):
                at = axis + len(shape) - len(given)
                if size == shape[at]:
                    self._tie(name, axis, out, at)

    def _along(self, number: int, node: onnx.NodeProto) -> None:
        """Softmax and its like: what is summed along an axis stays."""
        name, out = node.input[0], node.output[0]
        axis = _attribute(node, "axis", -1) % len(self._shape(name))
        self._same(name, out, (axis,))
        self._pin(name, [axis])
        self._pin(out, [axis])

    def _normal(self, number: int, node: onnx.NodeProto) -> None:
        name, out = node.input[0], node.output[0]
        axis = _attribute(node, "axis", -1) % len(self._shape(name))
        pinned = range(axis, len(self._shape(name)))
        self._same(name, out, pinned)
        for tensor in (name, out):
            self._pin(tensor, pinned)
        for tensor in node.input[1:]:
            self._pin(tensor)

    def _reduce(self, number: int, node: onnx.NodeProto) -> None:
        name, out = node.input[0], node.output[0]
        rank = len(self._shape(name))
        said = next((list(a.ints) for a in node.attribute if a.name == "axes"), None)
        if said is None and len(node.input) > 1 and node.input[1]:
            value = self._seen.values.get(node.input[1])
            said = None if value is None else [int(n) for n in value]
        axes = sorted(axis % rank for axis in said) if said is not None else list(range(rank))
        self._pin(name, axes)
        kept, at = bool(_attribute(node, "keepdims", 1)), 0
        for axis in range(rank):
            if axis in axes:
                at += kept
                continue
            self._tie(name, axis, out, at)
            at += 1

    def _pool(self, number: int, node: onnx.NodeProto) -> None:
        name, out = node.input[0], node.output[0]
        self._same(name, out, range(2, len(self._shape(name))))
        for tensor in (name, out):
            self._pin(tensor, range(2, len(self._shape(tensor))))

    def _batch_norm(self, number: int, node: onnx.NodeProto) -> None:
        self._same(node.input[0], node.output[0])
        for name in node.input[1:]:
            self._tie(name, 0, node.output[0], 1)

    def _convolve(self, number: int, node: onnx.NodeProto) -> None:
        name, weight, out = node.input[0], node.input[1], node.output[0]
        if weight not in self._weights:
            return self.unknown(number, node)
        self._tie(name, 0, out, 0)
        for tensor in (name, weight, out):
            self._pin(tensor, range(2, len(self._shape(tensor))))
        groups, channels, made = _attribute(node, "group", 1), self._shape(name)[1], self._shape(out)[1]
        if groups == 1:
            self._reads(number, name, 1, weight, 1)
            self._makes(weight, 0, out, 1)
        elif groups == channels == made:
            self._tie(name, 1, weight, 0)
            self._tie(weight, 0, out, 1)
            self.fixes.append(Fix(number, "group", (out, 1)))
        else:
            self._pin(name, [1])
            self._pin(weight)
            self._pin(out, [1])
        if len(node.input) > 2 and node.input[2]:
            self._tie(node.input[2], 0, out, 1)
        return None

    def _multiply(self, number: int, node: onnx.NodeProto) -> None:
        left, right, out = node.input[0], node.input[1], node.output[0]
        a, b, c = self._shape(left), self._shape(right), self._shape(out)
        if len(a) < 2 or len(b) < 2:
            return self.unknown(number, node)
        for name, shape in ((left, a), (right, b)):
            for axis, size in enumerate(shape[:-2]):
                if size == c[axis + len(c) - len(shape)]:
                    self._tie(name, axis, out, axis + len(c) - len(shape))
        last_a, last_b, last = len(a) - 1, len(b) - 1, len(c) - 1
        if right in self._weights and len(b) == 2:
            self._reads(number, left, last_a, right, 0)
            self._makes(right, 1, out, last)
        else:
            self._pin(left, [last_a])
            self._pin(right, [last_b - 1])
            self._tie(right, last_b, out, last)
        self._tie(left, last_a - 1, out, last - 1)
        return None

    def _gemm(self, number: int, node: onnx.NodeProto) -> None:
        name, weight, out = node.input[0], node.input[1], node.output[0]
        if weight not in self._weights or _attribute(node, "transA", 0):
            return self.unknown(number, node)
        turned = _attribute(node, "transB", 0)
        self._tie(name, 0, out, 0)
        self._reads(number, name, 1, weight, 1 if turned else 0)
        self._makes(weight, 0 if turned else 1, out, 1)
        if len(node.input) > 2 and node.input[2]:
            bias = node.input[2]
            if self._shape(bias) and self._shape(bias)[-1] == self._shape(out)[1]:
                self._tie(bias, len(self._shape(bias)) - 1, out, 1)
        return None

    def _attend(self, number: int, node: onnx.NodeProto) -> None:
        """Attention of onnxruntime: x [n, t, in], W [in, 3 heads width], bias -> [n, t, heads width]; a head a unit."""
        name, weight, bias, out = node.input[0], node.input[1], node.input[2], node.output[0]
        heads, inner = _attribute(node, "num_heads", 1), self._shape(out)[2]
        if weight not in self._weights or self._shape(weight)[1] != 3 * inner or len(node.input) > 4:
            return self.unknown(number, node)
        for axis in (0, 1):
            self._tie(name, axis, out, axis)
        self._reads(number, name, 2, weight, 0)
        points = self._points(out, 2).reshape(heads, -1)
        self._ties.pairs.append((points[:, :1].repeat(points.shape[1], 1).ravel(), points.ravel()))
        for tensor, axis in ((weight, 1), (bias, 0)):
            self._ties.pairs.extend((self._points(out, 2), part) for part in self._points(tensor, axis).reshape(3, -1))
        self._made.add((weight, 1))
        self.fixes.append(Fix(number, "heads", (out, 2)))
        return None

    def _turn(self, number: int, node: onnx.NodeProto) -> None:
        rank = len(self._shape(node.input[0]))
        order = next((list(a.ints) for a in node.attribute if a.name == "perm"), list(range(rank))[::-1])
        for at, axis in enumerate(order):
            self._tie(node.input[0], axis, node.output[0], at)

    def _cut(self, number: int, node: onnx.NodeProto) -> None:
        """Slices and paddings: along the axes whose length they leave alone, and turn around or not, nothing ties."""
        name, out = node.input[0], node.output[0]
        axes = self._seen.values.get(node.input[3]) if node.op_type == "Slice" and len(node.input) > 3 else None
        touched = {int(axis) % len(self._shape(name)) for axis in axes} if axes is not None else None
        for axis in range(len(self._shape(name))):
            if touched is not None and axis not in touched:
                self._tie(name, axis, out, axis)
            else:
                self._pin(name, [axis])
                self._pin(out, [axis])

    def _join(self, number: int, node: onnx.NodeProto) -> None:
        whole, parts = (node.output[0], node.input) if node.op_type == "Concat" else (node.input[0], node.output)
        axis, at = _attribute(node, "axis", 0) % max(1, len(self._shape(whole))), 0
        for part in parts:
            for other in range(len(self._shape(part))):
                if other != axis:
                    self._tie(part, other, whole, other)
            points = self._points(part, axis)
            self._ties.pairs.append((points, self._points(whole, axis)[at : at + len(points)]))
            at += len(points)
        if node.op_type == "Split":
            self._pin(whole, [axis])

    def _gather(self, number: int, node: onnx.NodeProto) -> None:
        name, indices, out = node.input[0], node.input[1], node.output[0]
        shape, rank = self._shape(name), len(self._shape(indices))
        if not shape:
            return None
        axis = _attribute(node, "axis", 0) % len(shape)
        self._pin(name, [axis])
        for at in range(axis, axis + rank):
            self._pin(out, [at])
        for other in range(len(shape)):
            if other != axis:
                self._tie(name, other, out, other if other < axis else other + rank - 1)
        if name in self._weights and axis == 0 and len(shape) == 2:
            self._made.add((name, 1))
        return None

    def _reshape(self, number: int, node: onnx.NodeProto) -> None:
        name, out = node.input[0], node.output[0]
        for before, after in _factors(self._shape(name), self._shape(out)):
            if len(before) == len(after) == 1:
                self._tie(name, before[0], out, after[0])
                fixed = [(out, after[0])]
            elif len(before) == 1 and len(after) > 1:
                fixed = [(out, self._split(name, before[0], out, after))]
            elif len(after) == 1 and len(before) > 1:
                self._split(out, after[0], name, before)
                fixed = [(out, after[0])]
            else:
                self._pin(name, before)
                self._pin(out, after)
                continue
            for slot in fixed:
                if node.op_type == "Reshape":
                    if not self._told(node, slot[1]):
                        self._pin(*slot[:1], [slot[1]])
                    self.fixes.append(Fix(number, "shape", slot))

    def _split(self, whole: str, axis: int, parts: str, axes: Sequence[int]) -> int:
        """Ties an axis to the last but one of those that it is split into (a head's channels to the head)."""
        sizes = [self._shape(parts)[a] for a in axes]
        at = axes[-2]
        places = np.arange(int(np.prod(sizes))).reshape(sizes)
        number = np.moveaxis(places, len(axes) - 2, 0).reshape(sizes[-2], -1)
        unit = np.empty(places.size, np.int64)
        for head, own in enumerate(number):
            unit[own] = head
        self._ties.pairs.append((self._points(whole, axis), self._points(parts, at)[unit]))
        self._pin(parts, [a for a in axes if a != at])
        return at

    def _told(self, node: onnx.NodeProto, axis: int) -> bool:
        """Whether what a Reshape is told of an axis can be told anew."""
        value = self._seen.values.get(node.input[1])
        if node.input[1] in self._weights or (value is not None and value[axis] <= 0):
            return True
        maker = self._maker.get(node.input[1])
        if maker is None or maker.op_type != "Concat" or any(self._shape(part) != (1,) for part in maker.input):
            return False
        return maker.input[axis] in self._weights


def _factors(before: Sequence[int], after: Sequence[int]) -> Iterator[tuple[list[int], list[int]]]:
    """Runs of axes with the same product on both sides: (2, 12, 5) and (2, 3, 4, 5) -> 0 | 0, 1 | 1 2, 2 | 3."""
    i = j = 0
    while i < len(before) and j < len(after):
        left, right = [i], [j]
        a, b = before[i], after[j]
        i, j = i + 1, j + 1
        while a != b:
            if a < b and i < len(before):
                a, left, i = a * before[i], [*left, i], i + 1
            elif b < a and j < len(after):
                b, right, j = b * after[j], [*right, j], j + 1
            else:
                return
        yield left, right
        # an axis of length 1 on one side alone belongs to nobody
        while i < len(before) and before[i] == 1 and not (j < len(after) and after[j] == 1):
            i += 1
        while j < len(after) and after[j] == 1 and not (i < len(before) and before[i] == 1):
            j += 1


def _attribute(node: onnx.NodeProto, name: str, default: int) -> int:
    return next((int(a.i) for a in node.attribute if a.name == name), default)


def _rules() -> dict[str, Rule]:
    alike = "Relu LeakyRelu Elu Selu Celu Clip Sigmoid HardSigmoid HardSwish Tanh Erf Gelu FastGelu QuickGelu Softplus "
    alike += "Softsign Mish Abs Neg Exp Log Sqrt Reciprocal Floor Ceil Round Sign Not Cast Identity Dropout Sin Cos"
    together = "Add Sub Mul Div Pow Max Min Where Equal Greater Less GreaterOrEqual LessOrEqual And Or Sum"
    found: dict[str, Rule] = dict.fromkeys(alike.split(), Rules._alike)
    found |= dict.fromkeys(together.split(), Rules._together)
    found |= dict.fromkeys(["Softmax", "LogSoftmax", "LpNormalization"], Rules._along)
    found |= dict.fromkeys(
        "ReduceMean ReduceSum ReduceMax ReduceMin ReduceL1 ReduceL2 ReduceProd ReduceSumSquare".split(), Rules._reduce
    )
    found |= dict.fromkeys("AveragePool MaxPool GlobalAveragePool GlobalMaxPool LpPool".split(), Rules._pool)
    found |= dict.fromkeys(["Reshape", "Flatten", "Squeeze", "Unsqueeze"], Rules._reshape)
    found |= dict.fromkeys(["Slice"], Rules._cut) | dict.fromkeys(["Concat", "Split"], Rules._join)
    return found | {
        "Shape": Rules._shape_of,
        "LayerNormalization": Rules._normal,
        "BatchNormalization": Rules._batch_norm,
        "Conv": Rules._convolve,
        "MatMul": Rules._multiply,
        "Gemm": Rules._gemm,
        "Attention": Rules._attend,
        "Transpose": Rules._turn,
        "Gather": Rules._gather,
    }


Rule = Callable[[Rules, int, onnx.NodeProto], None]
RULES: dict[str, Rule] = _rules()

__all__ = ["RULES", "Rules"]
