import MaxCompiler
import MaxIR
import Synchronization
import Testing

@Suite struct RewriteDriverTests {
    let text = """
        graph @g(%x: f32[N], %unread: f32[N]) -> (%y: f32[N]) {
          %1 = identity(%x) %2 = identity(%1) %3 = exp(%2) %4 = exp(%x) %y = add(%3, %4)
        }
        """

    @Test func theDefaultPipelineReachesAFixpointAndCounts() throws {
        let original = try Graph(GraphText(text))
        let result = try RewriteDriver(rules: Pipeline.exact).run(original)
        #expect(nodes(result.graph) == ["%1 = exp(%x) : f32[N]", "%y = add(%1, %1) : f32[N]"])
        #expect(result.rules.map(\.name) == Pipeline.exact.map(\.name))
        #expect(result.rules.reduce(0) { $0 + $1.patches } == result.patches)
        #expect(result.droppedInputs.map(\.name) == ["unread"])
        let again = try RewriteDriver(rules: Pipeline.exact).run(result.graph)
        #expect(again.patches == 0 && again.graph == result.graph)
        let proof = try Proof.prove(original: original, optimized: result.graph, rows: AdversarialRows(for: original, seed: 0))
        #expect(proof.rows >= 577 && proof.refused == 0)
    }

    @Test func stopAfterCountsPatchesOneByOne() throws {
        let original = try Graph(GraphText(text))
        var driver = RewriteDriver(rules: Pipeline.exact)
        let total = try driver.run(original).patches
        for n in 0...(total + 1) {
            driver.stopAfter = n
            let result = try driver.run(original)
            #expect(result.patches == min(n, total))
            _ = try Proof.prove(original: original, optimized: result.graph, rows: AdversarialRows(for: original, seed: 0))
        }
    }

    @Test func aDisabledRuleDoesNotRun() throws {
        var driver = RewriteDriver(rules: Pipeline.exact)
        driver.disabled = ["remove-identity"]
        let result = try driver.run(try Graph(GraphText(text)))
        #expect(nodes(result.graph).count { $0.contains("identity") } == 2)
        #expect(!result.rules.contains { $0.name == "remove-identity" })
    }

    @Test func anUnknownNameIsAnError() throws {
        var driver = RewriteDriver(rules: [try #require(Pipeline.named(["dead-nodes"])?.first)])
        driver.disabled = ["dead-code"]
        #expect(throws: MaxError(.usage, "no rewrite is named 'dead-code': expected one of dead-nodes")) {
            _ = try driver.run(try Graph(GraphText(text)))
        }
        #expect(Pipeline.named(["dead-nodes", "x"]) == nil)
    }

    @Test func printingShowsEverySweepThatChangedSomething() throws {
        let log = Mutex<[String]>([])
        var driver = RewriteDriver(rules: Pipeline.exact)
        driver.printAfter = { name, graph in log.withLock { $0.append("\(name) \(graph.nodes.count)") } }
        _ = try driver.run(try Graph(GraphText(text)))
        #expect(
            log.withLock { $0 } == [
                "remove-identity 3", "common-subexpressions 2", "dropped-columns 2",
            ])
    }

    @Test func theListingNamesEveryRule() {
        let lines = Pipeline.listing().split(separator: "\n")
        #expect(lines.count == Pipeline.exact.count)
        #expect(lines[0].hasPrefix("fold-constants ") && lines[0].hasSuffix("  exact  op(constants) = constant"))
        #expect(Set(Pipeline.exact.map(\.name)).count == Pipeline.exact.count)
        #expect(Pipeline.exact.allSatisfy { $0.exactness == .exact })
    }

    /// Breaks the graph in the way that `kind` says.
    struct Broken: RewriteRule {
        enum Kind { case otherType, undefined, noValue, endless, badNode, looser }
        let kind: Kind
        let name = "broken"
        let equation = "exp(x) = nonsense"

        func rewrite(_ node: Node, in graph: GraphView) throws(MaxError) -> Patch? {
            guard node.op.name == "exp" else { return nil }
            var patch = Patch(in: graph)
            let x = node.operands[0]
            switch kind {
            case .otherType: patch.replace(node.results[0], with: patch.add(Ops.cast, [x], ["to": .type(.f64)]))
            case .undefined: patch.replace(node.results[0], with: ValueID(graph.graph.types.count - 1))
            case .noValue: break
            case .endless: patch.replace(node.results[0], with: patch.add(node.op, [x]))
            case .badNode: patch.replace(node.results[0], with: patch.add(Ops.and, [x, x]))
            case .looser:
                let shape = patch.add(Ops.shape, [x])
                patch.replace(node.results[0], with: patch.add(Ops.reshape, [x, shape]))
            }
            return patch
        }
    }

    @Test(arguments: [
        (Broken.Kind.otherType, "rewrite 'broken': at node 2 'exp': %4 is f32[N], its replacement f64[N]"),
        (.undefined, "rewrite 'broken': at node 2 'exp': the patch reads %6, which is not defined before the node"),
        (.noValue, "rewrite 'broken': at node 2 'exp': the patch leaves %4 without a value"),
        (.badNode, "rewrite 'broken': at node 2 'exp': 'and': operand 'a' is f32[N], expected one of bool"),
        (.endless, "rewrites do not settle in 64 rounds: broken still change the graph"),
    ])
    func aRuleThatBreaksTheGraphIsNamed(kind: Broken.Kind, message: String) throws {
        let caught = Mutex<[Reproducer]>([])
        var driver = RewriteDriver(rules: [Broken(kind: kind)])
        driver.onFailure = { reproducer in caught.withLock { $0.append(reproducer) } }
        let original = try Graph(GraphText(text))
        #expect(throws: MaxError(.internal, message)) { _ = try driver.run(original) }
        guard kind != .endless else { return }
        let reproducer = try #require(caught.withLock { $0.first })
        #expect(reproducer.pipeline == ["broken"] && reproducer.rule == "broken" && reproducer.message == message)
        #expect(try Graph(reproducer.text) == original)
        #expect(reproducer.text.text.hasPrefix("// rewrite 'broken' failed after 0 patches\n"))
    }

    @Test func aPatchThatLosesPrecisionOfTypesIsDeclined() throws {
        let original = try Graph(GraphText(text))
        let result = try RewriteDriver(rules: [Broken(kind: .looser)]).run(original)
        #expect(result.graph == original)
        #expect(result.rules[0].declined == 2 && result.patches == 0)
    }

    @Test func aGraphThatDoesNotVerifyIsRefused() throws {
        var graph = try Graph(GraphText(text))
        graph.types[3] = .tensor(TensorType(.f64, [.rows]))
        #expect(throws: MaxError.self) { _ = try RewriteDriver(rules: []).run(graph) }
    }
}
