package dev.weft.proxy;

import static dev.weft.proxy.RawHttp2.DATA;
import static dev.weft.proxy.RawHttp2.HEADERS;
import static dev.weft.proxy.RawHttp2.RST_STREAM;
import static dev.weft.proxy.RawHttp2.SETTINGS;
import static dev.weft.proxy.RawHttp2.WINDOW_UPDATE;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http2.Http2Settings;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Clients share connections to an endpoint. Some cancel as much as they may: the others' requests
/// go on.
class CancelledByOthersIT {
    /// As many connections leave for the sake of an endpoint that counts resets.
    private static final int LEAVING = 8;

    /// More than make a connection leave.
    private static final int SOME = 150;

    /// Fewer than end the client's own connection.
    private static final int MANY = 8_000;

    private static final int LARGE = 4 * 1024 * 1024;
    private static final int BYSTANDERS_STREAM = 1;

    /// It takes as many requests at a time as come.
    private final H2cApp app =
            new H2cApp(Http2Settings.defaultSettings().maxConcurrentStreams(1_000_000));

    private final OneProxy proxy = new OneProxy();
    private final RawHttp2[] clients = new RawHttp2[4];

    @BeforeEach
    void start() throws IOException {
        proxy.cluster(Xds.staticCluster("app", app.port()));
        proxy.http(List.of(), Xds.to(Xds.cluster("app")));
        for (int i = 0; i < clients.length; i++) {
            clients[i] = new RawHttp2(proxy.port());
            clients[i].frame(SETTINGS, 0, 0, 0, 4, 0, 0, 0, 0);
        }
    }

    @AfterEach
    void stop() {
        for (var client : clients) {
            client.close();
        }
        proxy.close();
        app.close();
    }

    @Test
    void ten_thousand_cancelled_requests_end_no_other() throws Exception {
        untilNoMoreConnectionsLeave(clients[0]);
        var bystander = clients[1];
        isUnderWay(bystander, BYSTANDERS_STREAM, "/big");

        for (var attacker : List.of(clients[2], clients[3])) {
            cancelsMany(attacker, true);
        }

        bystander.frame(WINDOW_UPDATE, 0, 0, 1, 0, 0, 0);
        bystander.frame(WINDOW_UPDATE, 0, BYSTANDERS_STREAM, 1, 0, 0, 0);
        for (int came = 0; came < LARGE; ) {
            var frame = bystander.await(any -> any.stream() == BYSTANDERS_STREAM);
            assertThat(frame.type()).as("after %d bytes", came).isEqualTo(DATA);
            came += frame.payload().length;
        }
    }

    /// Which the endpoint has not heard of, and does not end.
    @Test
    void requests_that_are_over_on_one_side_only_are_bounded() throws Exception {
        untilNoMoreConnectionsLeave(clients[0]);
        var attacker = clients[2];
        var before = app.connections.get();

        cancelsMany(attacker, false);

        assertThat(app.connections.get()).as("others take their place").isGreaterThan(before + 1);
    }

    /// The endpoint has answered what it could before more come.
    private static void cancelsMany(RawHttp2 attacker, boolean complete) throws IOException {
        for (int i = 0; i < MANY; i++) {
            if (i % SOME == 0) {
                isUnderWay(attacker, 2 * i + 1, "/");
            } else {
                cancels(attacker, 2 * i + 1, complete);
            }
        }
    }

    /// Each has a request that does not end.
    private void untilNoMoreConnectionsLeave(RawHttp2 attacker) throws IOException {
        var stream = 1;
        for (int i = 0; i < LEAVING; i++) {
            isUnderWay(attacker, stream, "/big");
            stream += 2;
            for (int k = 0; k < SOME; k++) {
                cancels(attacker, stream, true);
                stream += 2;
            }
        }
        isUnderWay(attacker, stream, "/big");
        assertThat(app.connections.get()).isGreaterThan(LEAVING);
    }

    /// Its answer has begun, and waits for a window.
    private static void isUnderWay(RawHttp2 client, int stream, String path) throws IOException {
        client.get(stream, path);
        assertThat(client.await(frame -> frame.stream() == stream).type()).isEqualTo(HEADERS);
    }

    private static void cancels(RawHttp2 client, int stream, boolean complete) throws IOException {
        client.headers(stream, complete, RawHttp2.request("GET", "/"));
        client.frame(RST_STREAM, 0, stream, 0, 0, 0, 8);
    }
}
