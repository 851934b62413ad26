package dev.weft.e2e.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.grpc.CallOptions;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/// One call to somewhere, for tests that want to see what an application sees.
///
/// `http://` is HTTP/1.1 (a POST if there is a body; a fragment becomes its id, a query `as=` a
/// forged identity), `grpc://` the unary echo, `tcp://` sends the body and reads as much back,
/// `tls://` does so over TLS with whoever answers and says who that was, `greet://` waits for the
/// server to speak.
final class Calls {
    private static final int TIMEOUT_MILLIS = 5000;

    private Calls() {}

    /// @param status 200 also stands for success of the protocols without a status; 0 is no answer
    /// @param headers of an HTTP answer, by lower-case name
    record Answer(int status, String body, String error, long millis, Map<String, String> headers) {
        Answer(int status, String body, String error) {
            this(status, body, error, 0, Map.of());
        }

        private Answer after(long millis) {
            return new Answer(status, body, error, millis, headers);
        }

        String toJson() {
            return new JsonObject()
                    .put("status", status)
                    .put("headers", new JsonObject(Map.copyOf(headers)))
                    .put("body", body)
                    .put("error", error)
                    .put("millis", millis)
                    .encode();
        }
    }

    static Answer call(String url, String body) {
        long start = System.nanoTime();
        try {
            var target = URI.create(url);
            Answer answer =
                    switch (String.valueOf(target.getScheme())) {
                        case "http" -> http(target, body);
                        case "grpc" -> grpc(target, body);
                        case "tcp" -> tcp(target, body.isEmpty() ? "ping" : body);
                        case "tls" -> tls(target, body.isEmpty() ? "ping" : body);
                        case "greet" -> greet(target);
                        default -> new Answer(0, "", "unknown scheme in " + url);
                    };
            return answer.after(since(start));
        } catch (IOException | GeneralSecurityException | RuntimeException broken) {
            return new Answer(0, "", broken.toString()).after(since(start));
        }
    }

    private static long since(long start) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    }

    private static Answer http(URI target, String body) throws IOException {
        var connection = (HttpURLConnection) target.toURL().openConnection();
        connection.setConnectTimeout(TIMEOUT_MILLIS);
        connection.setReadTimeout(TIMEOUT_MILLIS);
        connection.setRequestProperty("Connection", "close");
        if (target.getFragment() != null) {
            connection.setRequestProperty(RequestId.HEADER, target.getFragment());
        }
        String forged = target.getRawQuery();
        if (forged != null && forged.startsWith("as=")) {
            connection.setRequestProperty(
                    PeerIdentity.HEADER, "URI=" + forged.substring("as=".length()));
        }
        if (!body.isEmpty()) {
            connection.setDoOutput(true);
            connection.setRequestMethod("POST");
            try (var out = connection.getOutputStream()) {
                out.write(body.getBytes(UTF_8));
            }
        }
        int status = connection.getResponseCode();
        try (var in = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            return new Answer(
                    status,
                    in == null ? "" : new String(in.readAllBytes(), UTF_8),
                    "",
                    0,
                    headers(connection));
        }
    }

    private static Map<String, String> headers(HttpURLConnection connection) {
        var headers = new TreeMap<String, String>();
        connection
                .getHeaderFields()
                .forEach((name, values) -> {
                    if (name != null) {
                        headers.put(name.toLowerCase(Locale.ROOT), String.join(", ", values));
                    }
                });
        return headers;
    }

    private static Answer grpc(URI target, String body) {
        var channel =
                NettyChannelBuilder.forAddress(target.getHost(), target.getPort())
                        .usePlaintext()
                        .disableRetry()
                        .build();
        try {
            byte[] answer =
                    ClientCalls.blockingUnaryCall(
                            channel,
                            EchoRpc.ECHO,
                            CallOptions.DEFAULT.withDeadlineAfter(
                                    TIMEOUT_MILLIS, TimeUnit.MILLISECONDS),
                            body.getBytes(UTF_8));
            return new Answer(200, new String(answer, UTF_8), "");
        } finally {
            channel.shutdownNow();
        }
    }

    private static Answer tcp(URI target, String body) throws IOException {
        try (var socket = connect(target)) {
            return echo(socket, body, "");
        }
    }

    private static Answer tls(URI target, String body)
            throws IOException, GeneralSecurityException {
        var context = SSLContext.getInstance("TLS");
        context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
        try (var plain = connect(target);
                var socket =
                        (SSLSocket)
                                context.getSocketFactory()
                                        .createSocket(
                                                plain, target.getHost(), target.getPort(), true)) {
            socket.startHandshake();
            return echo(socket, body, " from " + socket.getSession().getPeerPrincipal().getName());
        }
    }

    private static Answer echo(Socket socket, String body, String who) throws IOException {
        byte[] bytes = body.getBytes(UTF_8);
        socket.getOutputStream().write(bytes);
        byte[] back = socket.getInputStream().readNBytes(bytes.length);
        return new Answer(back.length == 0 ? 0 : 200, new String(back, UTF_8) + who, "");
    }

    private static Answer greet(URI target) throws IOException {
        try (var socket = connect(target)) {
            byte[] first = new byte[512];
            int read = socket.getInputStream().read(first);
            return read < 0
                    ? new Answer(0, "", "closed before it spoke")
                    : new Answer(200, new String(first, 0, read, UTF_8), "");
        }
    }

    private static Socket connect(URI target) throws IOException {
        var socket = new Socket();
        socket.connect(new InetSocketAddress(target.getHost(), target.getPort()), TIMEOUT_MILLIS);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        return socket;
    }
}
