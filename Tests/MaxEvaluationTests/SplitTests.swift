import MaxEvaluation
import MaxIR
import Testing

@Suite struct SplitTests {
    let labels = (0..<103).map { $0 % 7 == 0 ? 2 : $0 % 2 }
    let groups = (0..<103).map { $0 / 4 }

    private func isWhole(_ split: Split, _ rows: Int) -> Bool { (split.train + split.test).sorted() == Array(0..<rows) }

    @Test func foldsTestEveryRowOnceAndKeepLabels() throws {
        let splits = try Split.folds(rows: 103, count: 5, seed: 1, labels: labels)
        #expect(splits.allSatisfy { isWhole($0, 103) })
        #expect(splits.flatMap(\.test).sorted() == Array(0..<103))
        for label in 0...2 {
            let counts = splits.map { $0.test.count { labels[$0] == label } }
            #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1)
        }
    }

    @Test func groupsStayWhole() throws {
        for labels in [nil, labels] {
            for split in try Split.folds(rows: 103, count: 5, seed: 1, labels: labels, groups: groups) {
                #expect(isWhole(split, 103))
                #expect(Set(split.train.map { groups[$0] }).isDisjoint(with: split.test.map { groups[$0] }))
            }
        }
        let split = try Split.holdOut(rows: 103, share: 0.25, seed: 3, groups: groups)
        #expect(Set(split.train.map { groups[$0] }).isDisjoint(with: split.test.map { groups[$0] }))
    }

    @Test func holdOutKeepsLabelsToOneRow() throws {
        let split = try Split.holdOut(rows: 103, share: 0.25, seed: 3, labels: labels)
        #expect(isWhole(split, 103))
        for label in 0...2 {
            let share = Double(labels.count { $0 == label }) * 0.25
            #expect(abs(Double(split.test.count { labels[$0] == label }) - share) <= 1)
        }
    }

    @Test func timeGoesForwardWithAGap() throws {
        let times = (0..<100).map { Double(($0 * 37) % 50) }
        for split in try Split.timeOrdered(times: times, folds: 4, gap: 2) {
            let last = split.train.map { times[$0] }.max() ?? .nan
            let first = split.test.map { times[$0] }.min() ?? .nan
            #expect(last <= first - 2)
        }
    }

    @Test func faultsAreErrors() {
        #expect(throws: MaxError.self) { try Split.folds(rows: 3, count: 5, seed: 1) }
        #expect(throws: MaxError.self) { try Split.folds(rows: -3, count: 2, seed: 1) }
        #expect(throws: MaxError.self) { try Split.folds(rows: 3, count: 2, seed: 1, labels: [1]) }
        #expect(throws: MaxError.self) { try Split.holdOut(rows: 3, share: .nan, seed: 1) }
        #expect(throws: MaxError.self) { try Split.timeOrdered(times: [1, .nan], folds: 1) }
    }
}
