package dev.weft.e2e.app;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.grpc.CallOptions;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.vertx.core.json.JsonObject;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.zip.CRC32;

/// What takes more than one call: large bodies, streams, many connections. Says how much of it was
/// done right.
final class Checks {
    private static final int CHUNK = 64 * 1024;
    private static final Duration HOLD_PAUSE = Duration.ofMillis(200);
    private static final Duration IDLE = Duration.ofSeconds(10);

    private Checks() {}

    /// @return `{"done":…, "error":…}`
    static JsonObject run(String what, URI target, long amount) {
        try {
            long done =
                    switch (what) {
                        case "upload" -> upload(target, amount);
                        case "download" -> download(target);
                        case "websocket" -> webSocket(target, (int) amount);
                        case "chat" -> chat(target, (int) amount);
                        case "hold" -> hold(target, (int) amount);
                        case "connections" -> connections(target, (int) amount);
                        case "mail" -> mail(target, (int) amount);
                        default -> throw new IllegalArgumentException("no such check: " + what);
                    };
            return new JsonObject().put("done", done).put("error", "");
        } catch (IOException | RuntimeException | ExecutionException | TimeoutException broken) {
            return new JsonObject().put("done", 0).put("error", broken.toString());
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            return new JsonObject().put("done", 0).put("error", "interrupted");
        }
    }

    private static long upload(URI target, long amount) throws IOException {
        var connection = (HttpURLConnection) target.toURL().openConnection();
        connection.setDoOutput(true);
        connection.setRequestMethod("POST");
        connection.setFixedLengthStreamingMode(amount);
        var sum = new CRC32();
        var chunk = new byte[CHUNK];
        try (var out = connection.getOutputStream()) {
            for (long sent = 0; sent < amount; ) {
                int size = (int) Math.min(CHUNK, amount - sent);
                for (int i = 0; i < size; i++) {
                    chunk[i] = (byte) ((sent + i) * 31);
                }
                out.write(chunk, 0, size);
                sum.update(chunk, 0, size);
                sent += size;
            }
        }
        try (var in = connection.getInputStream()) {
            var answer = new JsonObject(new String(in.readAllBytes(), UTF_8));
            if (answer.getLong("crc32") != sum.getValue()) {
                throw new IOException("the body arrived changed");
            }
            return answer.getLong("bytes");
        }
    }

    /// The server's bytes are the alphabet, from the start of each of its chunks.
    private static long download(URI target) throws IOException {
        long read = 0;
        var chunk = new byte[CHUNK];
        try (InputStream in = target.toURL().openStream()) {
            for (int size = in.read(chunk); size >= 0; size = in.read(chunk)) {
                for (int i = 0; i < size; i++) {
                    if (chunk[i] != HttpRequests.downloaded(read + i)) {
                        throw new IOException("byte " + (read + i) + " arrived changed");
                    }
                }
                read += size;
            }
        }
        return read;
    }

    private static long webSocket(URI target, int messages)
            throws ExecutionException, InterruptedException, TimeoutException {
        BlockingQueue<String> answers = new ArrayBlockingQueue<>(messages);
        var socket =
                HttpClient.newHttpClient()
                        .newWebSocketBuilder()
                        .buildAsync(target, new Collector(answers))
                        .get(10, TimeUnit.SECONDS);
        long right = 0;
        for (int i = 0; i < messages; i++) {
            socket.sendText("message " + i, true).get(10, TimeUnit.SECONDS);
            if (("echo message " + i).equals(answers.poll(10, TimeUnit.SECONDS))) {
                right++;
            }
        }
        socket.abort();
        return right;
    }

    private record Collector(BlockingQueue<String> answers) implements WebSocket.Listener {
        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
            answers.add(text.toString());
            socket.request(1);
            return CompletableFuture.completedStage(text);
        }
    }

    private static long chat(URI target, int messages)
            throws InterruptedException, ExecutionException, TimeoutException {
        var channel =
                NettyChannelBuilder.forAddress(target.getHost(), target.getPort())
                        .usePlaintext()
                        .disableRetry()
                        .build();
        try {
            BlockingQueue<String> answers = new ArrayBlockingQueue<>(messages);
            var ended = new CompletableFuture<Boolean>();
            StreamObserver<byte[]> requests =
                    ClientCalls.asyncBidiStreamingCall(
                            channel.newCall(
                                    EchoRpc.CHAT,
                                    CallOptions.DEFAULT.withDeadlineAfter(30, TimeUnit.SECONDS)),
                            new StreamObserver<>() {
                                @Override
                                public void onNext(byte[] message) {
                                    answers.add(new String(message, UTF_8));
                                }

                                @Override
                                public void onError(Throwable broken) {
                                    ended.completeExceptionally(broken);
                                }

                                @Override
                                public void onCompleted() {
                                    ended.complete(true);
                                }
                            });
            long right = 0;
            for (int i = 0; i < messages; i++) {
                requests.onNext(("message " + i).getBytes(UTF_8));
                if (("message " + i).equals(answers.poll(10, TimeUnit.SECONDS))) {
                    right++;
                }
            }
            requests.onCompleted();
            ended.get(10, TimeUnit.SECONDS);
            return right;
        } finally {
            channel.shutdownNow();
        }
    }

    /// One TCP connection for as long as it takes: a message every 200 ms, each of which comes back
    /// before the next is sent.
    private static long hold(URI target, int messages) throws IOException, InterruptedException {
        try (var socket = new Socket(target.getHost(), target.getPort())) {
            socket.setSoTimeout(10_000);
            for (int i = 0; i < messages; i++) {
                byte[] message = ("message " + i).getBytes(US_ASCII);
                socket.getOutputStream().write(message);
                byte[] echo = socket.getInputStream().readNBytes(message.length);
                if (!Arrays.equals(message, echo)) {
                    throw new IOException(
                            "message " + i + " came back as " + echo.length + " bytes");
                }
                Thread.sleep(HOLD_PAUSE);
            }
            return messages;
        }
    }

    /// Opens all, uses each, lets all of them idle, and uses each again.
    private static long connections(URI target, int amount)
            throws IOException, InterruptedException {
        var open = new ArrayList<Socket>();
        try {
            for (int i = 0; i < amount; i++) {
                var socket = new Socket();
                socket.connect(
                        new InetSocketAddress(
                                target.getHost(), target.getPort() < 0 ? 80 : target.getPort()),
                        10_000);
                socket.setSoTimeout(10_000);
                open.add(socket);
                ask(socket, target);
            }
            Thread.sleep(IDLE);
            long usable = 0;
            for (Socket socket : open) {
                ask(socket, target);
                usable++;
            }
            return usable;
        } finally {
            for (Socket socket : open) {
                socket.close();
            }
        }
    }

    /// Hands mails to an SMTP server, which speaks first, over one connection.
    private static long mail(URI target, int amount) throws IOException {
        try (var socket = new Socket(target.getHost(), target.getPort())) {
            socket.setSoTimeout(10_000);
            var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII));
            reply(in, "220");
            say(socket, in, "EHLO client.weft.test", "250");
            long taken = 0;
            for (int i = 0; i < amount; i++) {
                say(socket, in, "MAIL FROM:<client@weft.test>", "250");
                say(socket, in, "RCPT TO:<server@weft.test>", "250");
                say(socket, in, "DATA", "354");
                say(socket, in, "Subject: mail " + i + "\r\n\r\nno more than this\r\n.", "250");
                taken++;
            }
            say(socket, in, "QUIT", "221");
            return taken;
        }
    }

    private static void say(Socket socket, BufferedReader in, String line, String code)
            throws IOException {
        socket.getOutputStream().write((line + "\r\n").getBytes(US_ASCII));
        reply(in, code);
    }

    private static void reply(BufferedReader in, String code) throws IOException {
        String line = in.readLine();
        while (line != null && line.startsWith(code + "-")) {
            line = in.readLine();
        }
        if (line == null || !line.startsWith(code)) {
            throw new IOException("wanted " + code + ", the mail server said " + line);
        }
    }

    private static void ask(Socket socket, URI target) throws IOException {
        socket.getOutputStream()
                .write(
                        ("GET "
                                        + target.getPath()
                                        + " HTTP/1.1\r\nHost: "
                                        + target.getHost()
                                        + "\r\n\r\n")
                                .getBytes(US_ASCII));
        var in = new BufferedInputStream(socket.getInputStream(), 1);
        String head = head(in);
        if (!head.startsWith("HTTP/1.1 200")) {
            throw new IOException("unexpected: " + head.lines().findFirst().orElse("nothing"));
        }
        in.readNBytes(contentLength(head));
    }

    private static String head(InputStream in) throws IOException {
        var text = new StringBuilder();
        while (text.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("the connection ended after: " + text);
            }
            text.append((char) next);
        }
        return text.toString();
    }

    private static int contentLength(String head) {
        return head.lines()
                .filter(line -> line.regionMatches(true, 0, "content-length:", 0, 15))
                .map(line -> Integer.parseInt(line.substring(15).trim()))
                .findFirst()
                .orElse(0);
    }
}
