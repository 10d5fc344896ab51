import Glibc

extension LinearObjective {
    struct Solution {
        var point: [Double]
        var iterations: Int
        var value: Double
        /// The largest violation of the optimality conditions.
        var violation: Double
    }

    /// Newton's method with conjugate gradients where there is no l1, else the accelerated proximal gradient with restarts.
    ///
    /// Source: Nocedal, Wright 2006, ch. 7; Beck, Teboulle 2009; O'Donoghue, Candès 2015.
    func solve(tolerance: Double, iterations: Int, progress: (Double) -> Void) -> Solution {
        if l1 == 0, let direct = leastSquares() { return direct }
        return l1 > 0 ? proximal(tolerance, max(iterations, 1) * 200, progress) : newton(tolerance, iterations, progress)
    }

    /// Squared errors of few columns need no iterations.
    private func leastSquares() -> Solution? {
        guard let glm = family as? GLMFamily, glm.kind == .gaussian, features.columns <= LeastSquares.maximumColumns else { return nil }
        var (sum, total) = (0.0, 0.0)
        for row in target.indices {
            let weight = weights?[row] ?? 1
            sum += weight * target[row]
            total += weight
        }
        let mean = hasIntercept ? sum / total : 0
        let centered = target.map { $0 - mean }
        let ridge = (0..<width).map { l2($0) * total }
        guard var point = LeastSquares.solve(features, target: centered, weights: weights, ridge: ridge) else { return nil }
        if hasIntercept { point.append(mean) }
        let eta = Block<Double>(features.rows, 0)
        scores(point, into: eta)
        let value = smooth(point, eta)
        guard value.isFinite else { return nil }
        return Solution(point: point, iterations: 1, value: value, violation: Self.largest(gradient(point, eta)))
    }

    private func start() -> [Double] {
        var point = [Double](repeating: 0, count: count)
        guard hasIntercept else { return point }
        var means = [Double](repeating: 0, count: outputs)
        var sum = 0.0
        for row in target.indices {
            let weight = weights?[row] ?? 1
            sum += weight
            if outputs > 1 { means[Int(target[row])] += weight } else { means[0] += weight * target[row] }
        }
        for (k, value) in family.start(means.map { $0 / sum }).enumerated() { point[width + k] = value }
        return point
    }

    private func newton(_ tolerance: Double, _ iterations: Int, _ progress: (Double) -> Void) -> Solution {
        var point = start()
        let (eta, product) = (Block<Double>(features.rows * outputs, 0), Block<Double>(features.rows * outputs, 0))
        scores(point, into: eta)
        var value = smooth(point, eta)
        var gradient = gradient(point, eta)
        let first = Self.largest(gradient)
        var iteration = 0
        while iteration < iterations {
            let size = Self.largest(gradient)
            if size <= tolerance * max(1, first) { break }
            let direction = conjugateGradients(gradient, eta, product)
            // The scores along the direction are known: steps cost no product.
            scoresOnly(direction, into: product)
            let slope = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
            guard slope < 0 else { break }
            var (step, accepted) = (1.0, false)
            let old = Array(UnsafeBufferPointer(start: eta.start, count: eta.count))
            for _ in 0..<40 {
                let next = zip(point, direction).map { $0 + step * $1 }
                for place in 0..<eta.count { eta[place] = old[place] + step * product[place] }
                let found = smooth(next, eta)
                if found.isFinite, found <= value + 1e-4 * step * slope + abs(value) * 1e-15 {
                    (point, value, accepted) = (next, found, true)
                    break
                }
                step /= 2
            }
            guard accepted else {
                for place in 0..<eta.count { eta[place] = old[place] }
                break
            }
            scores(point, into: eta)
            gradient = self.gradient(point, eta)
            iteration += 1
            progress(Double(iteration) / Double(iterations))
        }
        return Solution(point: point, iterations: iteration, value: value, violation: Self.largest(gradient))
    }

    /// Scores of a direction: intercepts are part of it.
    private func scoresOnly(_ direction: [Double], into out: Block<Double>) { scores(direction, into: out) }

    /// The direction that solves H d = -g as exactly as is worth while.
    private func conjugateGradients(_ gradient: [Double], _ eta: Block<Double>, _ product: Block<Double>) -> [Double] {
        var direction = [Double](repeating: 0, count: count)
        var residual = gradient.map { -$0 }
        var search = residual
        var square = residual.reduce(0) { $0 + $1 * $1 }
        let norm = square.squareRoot()
        let enough = norm * min(0.1, norm.squareRoot()) * 0.01
        for _ in 0..<max(50, 2 * count) {
            if square.squareRoot() <= enough { break }
            scores(search, into: product)
            let image = curvature(search, product: product, eta)
            let bend = zip(search, image).reduce(0) { $0 + $1.0 * $1.1 }
            if bend <= square * 1e-16 { break }
            let step = square / bend
            for place in direction.indices {
                direction[place] += step * search[place]
                residual[place] -= step * image[place]
            }
            let next = residual.reduce(0) { $0 + $1 * $1 }
            for place in search.indices { search[place] = residual[place] + next / square * search[place] }
            square = next
        }
        return direction.contains { $0 != 0 } ? direction : gradient.map { -$0 }
    }

    private func proximal(_ tolerance: Double, _ iterations: Int, _ progress: (Double) -> Void) -> Solution {
        var point = start()
        var momentum = point
        let eta = Block<Double>(features.rows * outputs, 0)
        var (inertia, lipschitz) = (1.0, 0.25)
        scores(momentum, into: eta)
        var (value, gradient) = (smooth(momentum, eta), self.gradient(momentum, eta))
        var best = value + penalty(point)
        var iteration = 0
        var violation = Double.infinity
        while iteration < iterations {
            var next = point
            var found = 0.0
            while true {
                for place in next.indices {
                    let moved = momentum[place] - gradient[place] / lipschitz
                    let limit = l1(place) / lipschitz
                    next[place] = moved > limit ? moved - limit : moved < -limit ? moved + limit : 0
                }
                scores(next, into: eta)
                found = smooth(next, eta)
                var bound = value
                for place in next.indices {
                    let change = next[place] - momentum[place]
                    bound += gradient[place] * change + 0.5 * lipschitz * change * change
                }
                if found <= bound + abs(bound) * 1e-14 || lipschitz > 1e12 { break }
                lipschitz *= 2
            }
            let total = found + penalty(next)
            var turn = 0.0
            for place in next.indices { turn += (momentum[place] - next[place]) * (next[place] - point[place]) }
            let turns = turn > 0
            let after = turns ? 1 : (1 + (1 + 4 * inertia * inertia).squareRoot()) / 2
            let share = turns ? 0 : (inertia - 1) / after
            momentum = zip(next, point).map { $0 + share * ($0 - $1) }
            (point, inertia) = (next, after)
            best = total
            iteration += 1
            scores(momentum, into: eta)
            (value, gradient) = (smooth(momentum, eta), self.gradient(momentum, eta))
            if iteration % 10 == 0 {
                let check = Block<Double>(features.rows * outputs, 0)
                scores(point, into: check)
                violation = self.violation(point, self.gradient(point, check))
                if violation <= tolerance { break }
                lipschitz *= 0.9
                progress(Double(iteration) / Double(iterations))
            }
        }
        return Solution(point: point, iterations: iteration, value: best, violation: violation)
    }

    /// How far the subgradient is from 0.
    private func violation(_ point: [Double], _ gradient: [Double]) -> Double {
        var worst = 0.0
        for place in point.indices {
            let limit = l1(place)
            let here = point[place] != 0 ? abs(gradient[place] + (point[place] > 0 ? limit : -limit)) : max(0, abs(gradient[place]) - limit)
            worst = max(worst, here)
        }
        return worst
    }

    private static func largest(_ values: [Double]) -> Double { values.reduce(0) { max($0, abs($1)) } }
}
