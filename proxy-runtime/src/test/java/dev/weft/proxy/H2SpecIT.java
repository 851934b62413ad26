package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Conformance to RFC 9113 and RFC 7541, strict cases included, as h2spec sees it.
/// `-Dweft.h2spec-rounds` says how often in a row.
class H2SpecIT {
    private static final String ALL_PASSED = "146 tests, 146 passed, 0 skipped, 0 failed";

    /// A case waits so long for what must come; only one that fails takes it.
    private static final String WAIT = "10s";

    private static final int ROUNDS = Integer.getInteger("weft.h2spec-rounds", 1);

    private final TwoProxies mesh = new TwoProxies();
    private final H2cApp app = new H2cApp();

    @BeforeEach
    void start() {
        mesh.serving(app.port()).calling();
    }

    @AfterEach
    void stop() {
        mesh.close();
        app.close();
    }

    @Test
    void the_outbound_side_conforms() throws Exception {
        conforms(mesh.outboundPort());
    }

    @Test
    void the_inbound_side_conforms() throws Exception {
        conforms(mesh.inboundPort());
    }

    private static void conforms(int port) throws Exception {
        for (int round = 1; round <= ROUNDS; round++) {
            assertThat(h2spec(port)).as("round %d", round).contains(ALL_PASSED);
        }
    }

    /// Each case that failed, at its end a line with the counts.
    private static String h2spec(int port) throws Exception {
        return GoProgram.built("h2spec").run("-port", "" + port, "-wait", WAIT).text();
    }
}
