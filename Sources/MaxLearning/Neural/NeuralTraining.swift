import Glibc

/// Adam on minibatches. A minibatch is split into chunks of a fixed number of rows, whose gradients are added in order: results do
/// not depend on threads.
final class NeuralTraining {
    struct Outcome {
        var epochs: Int
        /// Of the last epoch, or the best on held-out rows.
        var loss: Double
        var reason: String
    }

    static let chunkRows = 64

    private let layers: Layers
    private let data: NeuralRows
    private let held: NeuralRows?
    private let order: Block<Int>
    /// Of `data`, where no held-out rows are given.
    private let heldRows: [Int]
    private let batch: Int
    private let l2: Double
    private let rate: Double
    private let seed: UInt64
    private let crew: Crew
    private let chunks: Int
    private let gradients: Block<Double>
    private let losses: Block<Double>
    private let scratch: [Block<Double>]
    private let first: Block<Double>
    private let second: Block<Double>
    private var step = 0

    init(
        _ layers: Layers, _ data: NeuralRows, held: NeuralRows?, heldShare: Double, batch: Int, l2: Double, rate: Double, seed: UInt64,
        crew: Crew
    ) {
        (self.layers, self.data, self.held, self.l2, self.rate, self.seed, self.crew) = (layers, data, held, l2, rate, seed, crew)
        let all = (0..<data.rows.rows).sorted { a, b in
            let (x, y) = (CounterGenerator.bits(UInt64(a), seed: seed &+ 1), CounterGenerator.bits(UInt64(b), seed: seed &+ 1))
            return (x, a) < (y, b)
        }
        let heldCount = held == nil ? min(Int(heldShare * Double(all.count)), all.count - 1) : 0
        heldRows = all.prefix(heldCount).sorted()
        let own = all.dropFirst(heldCount).sorted()
        order = Block<Int>(own.count, 0)
        for (place, row) in own.enumerated() { order[place] = row }
        self.batch = min(batch, own.count)
        chunks = (self.batch + Self.chunkRows - 1) / Self.chunkRows
        let count = layers.parameters.count
        gradients = Block<Double>(chunks * count, 0)
        losses = Block<Double>(chunks, 0)
        let size = Self.chunkRows * layers.valuesPerRow
        scratch = (0..<crew.count).map { _ in Block<Double>(size, 0) }
        first = Block<Double>(count, 0)
        second = Block<Double>(count, 0)
    }

    func run(epochs: Int, patience: Int, tolerance: Double, progress: (Double, String) -> Void) -> Outcome {
        let judges = held != nil || !heldRows.isEmpty
        var (best, wait, epoch) = (Double.infinity, 0, 0)
        var kept: [Double]?
        var keptLoss = Double.infinity
        var last = Double.infinity
        while epoch < epochs {
            shuffle(epoch)
            last = pass()
            epoch += 1
            if judges { last = heldLoss() }
            guard last.isFinite else { break }
            if judges, last < keptLoss {
                keptLoss = last
                kept = Array(UnsafeBufferPointer(start: layers.parameters.start, count: layers.parameters.count))
            }
            wait = last > best - tolerance ? wait + 1 : 0
            best = min(best, last)
            if wait > patience { break }
            progress(Double(epoch) / Double(epochs), "epoch \(epoch), loss \(last)")
        }
        if let kept {
            for (place, value) in kept.enumerated() { layers.parameters[place] = value }
            last = keptLoss
        }
        let reason = wait > patience ? "the \(judges ? "held-out" : "training") loss no longer falls" : "epochs"
        return Outcome(epochs: epoch, loss: last, reason: reason)
    }

    /// Source: Fisher, Yates; Durstenfeld 1964.
    private func shuffle(_ epoch: Int) {
        let own = CounterGenerator.bits(UInt64(epoch), seed: seed &+ 2)
        for place in stride(from: order.count - 1, to: 0, by: -1) {
            let other = CounterGenerator.below(place + 1, UInt64(place), seed: own)
            (order[place], order[other]) = (order[other], order[place])
        }
    }

    /// One pass over the rows; the mean loss of the minibatches, with the penalty.
    private func pass() -> Double {
        var total = 0.0
        for begin in stride(from: 0, to: order.count, by: batch) {
            let range = begin..<min(begin + batch, order.count)
            total += descend(range) * Double(range.count)
        }
        return total / Double(order.count)
    }

    private func descend(_ range: Range<Int>) -> Double {
        let count = layers.parameters.count
        let used = (range.count + Self.chunkRows - 1) / Self.chunkRows
        step += 1
        crew.run { [self] member in
            for chunk in stride(from: member, to: used, by: crew.count) {
                let from = range.lowerBound + chunk * Self.chunkRows
                let rows = min(Self.chunkRows, range.upperBound - from)
                let values = scratch[member].start
                losses[chunk] = scores(rows, values) { order[from + $0] }
                layers.backward(values, rows: rows, into: gradients.start + chunk * count)
            }
        }
        let (own, size) = (1 / Double(range.count), Double(step))
        let rate = rate * (1 - Glibc.pow(0.999, size)).squareRoot() / (1 - Glibc.pow(0.9, size))
        let pieces = Block<Double>(layers.starts.count, 0)
        for layer in layers.starts.indices {
            let begin = layers.starts[layer]
            let width = layers.sizes[layer] * layers.sizes[layer + 1]
            let penalties = Block<Double>((width + layers.sizes[layer + 1] + 4095) / 4096, 0)
            crew.pieces(of: width + layers.sizes[layer + 1], size: 4096) { [self] piece, range in
                let (w, m, v) = (layers.parameters.start + begin, first.start + begin, second.start + begin)
                var penalty = 0.0
                for place in range {
                    var g = 0.0
                    for chunk in 0..<used { g += gradients.start[chunk * count + begin + place] }
                    if place < width {
                        penalty += w[place] * w[place]
                        g += l2 * w[place]
                    }
                    g *= own
                    m[place] = 0.9 * m[place] + (1 - 0.9) * g
                    v[place] = 0.999 * v[place] + (1 - 0.999) * g * g
                    w[place] -= rate * m[place] / (v[place].squareRoot() + 1e-8)
                }
                penalties[piece] = penalty
            }
            for piece in 0..<penalties.count { pieces[layer] += penalties[piece] }
        }
        var loss = 0.0
        for chunk in 0..<used { loss += losses[chunk] }
        for layer in 0..<pieces.count { loss += 0.5 * l2 * pieces[layer] }
        return loss * own
    }

    /// Values of all layers for some rows of `data`, the derivatives of the loss in the last; the sum of the losses.
    private func scores(
        _ rows: Int, of data: NeuralRows? = nil, _ values: UnsafeMutablePointer<Double>, _ row: (Int) -> Int
    ) -> Double {
        let data = data ?? self.data
        let columns = layers.sizes[0]
        for index in 0..<rows { (values + index * columns).update(from: data.rows.row(row(index)), count: columns) }
        layers.forward(values, rows: rows)
        let outputs = values + rows * (layers.valuesPerRow - layers.outputs)
        var loss = 0.0
        for index in 0..<rows {
            let own = row(index)
            loss += layers.loss(outputs + index * layers.outputs, data.target[own], weight: data.weights[own])
        }
        return loss
    }

    private func heldLoss() -> Double {
        let count = held?.rows.rows ?? heldRows.count
        let chunks = (count + Self.chunkRows - 1) / Self.chunkRows
        let losses = Block<Double>(chunks, 0)
        crew.run { [self] member in
            for chunk in stride(from: member, to: chunks, by: crew.count) {
                let from = chunk * Self.chunkRows
                losses[chunk] = scores(min(Self.chunkRows, count - from), of: held, scratch[member].start) {
                    held == nil ? heldRows[from + $0] : from + $0
                }
            }
        }
        var loss = 0.0
        for chunk in 0..<chunks { loss += losses[chunk] }
        return loss / Double(count)
    }
}
