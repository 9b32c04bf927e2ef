/** Map a drawing, brightness 0..1 with light strokes on 0, to the 784 inputs: a box of 20 x 20, centred by mass. */
fun normalize(drawing: Array<FloatArray>): FloatArray {
    val rows = drawing.indices.filter { y -> drawing[y].any { it > 0.5f } }
    val columns = drawing[0].indices.filter { x -> drawing.any { it[x] > 0.5f } }
    val scale = 20f / maxOf(rows.last() - rows.first() + 1, columns.last() - columns.first() + 1)
    var mass = 0f
    var centreX = 0f
    var centreY = 0f
    for (y in rows.first()..rows.last()) for (x in columns.first()..columns.last()) {
        mass += drawing[y][x]
        centreX += drawing[y][x] * (x + 0.5f)
        centreY += drawing[y][x] * (y + 0.5f)
    }
    val left = 14.5f - scale * centreX / mass // where the drawing's left edge lies among the 28 columns
    val top = 14.5f - scale * centreY / mass
    val pixels = FloatArray(784)
    for (y in rows.first()..rows.last()) for (x in columns.first()..columns.last()) {
        val (fromX, toX) = Pair(left + scale * x, left + scale * (x + 1))
        val (fromY, toY) = Pair(top + scale * y, top + scale * (y + 1))
        for (row in maxOf(0, fromY.toInt())..minOf(27, toY.toInt()))
            for (column in maxOf(0, fromX.toInt())..minOf(27, toX.toInt())) {
                val width = minOf(toX, column + 1f) - maxOf(fromX, column.toFloat())
                val height = minOf(toY, row + 1f) - maxOf(fromY, row.toFloat())
                if (width > 0 && height > 0) pixels[28 * row + column] += drawing[y][x] * width * height
            }
    }
    return pixels
}
