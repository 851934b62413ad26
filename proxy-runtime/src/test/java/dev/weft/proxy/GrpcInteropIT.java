package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.GoProgram.Running;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// gRPC's interoperability tests, grpc-go on both ends, through two proxies. Left out are those for
/// credentials and those that test a client's own balancing.
class GrpcInteropIT {
    private final TwoProxies mesh = new TwoProxies();
    private GoProgram interop;
    private Running server;

    @BeforeEach
    void start() throws Exception {
        interop = GoProgram.built("grpc-interop");
        server = interop.start("serve");
        mesh.serving(server.number()).calling();
    }

    @AfterEach
    void stop() throws InterruptedException {
        server.close();
        mesh.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "empty_unary",
                "large_unary",
                "client_streaming",
                "server_streaming",
                "ping_pong",
                "empty_stream",
                "timeout_on_sleeping_server",
                "cancel_after_begin",
                "cancel_after_first_response",
                "custom_metadata",
                "status_code_and_message",
                "special_status_message",
                "unimplemented_method",
                "unimplemented_service"
            })
    void passes(String test) throws Exception {
        var output = interop.run("call", "" + mesh.outboundPort(), test);

        assertThat(output.text()).endsWith("passed " + test + "\n");
        assertThat(output.status()).isZero();
    }
}
