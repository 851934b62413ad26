package dev.weft.e2e.app;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.vertx.core.json.JsonArray;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/// Opens new connections at a steady pace, whatever became of the ones before. Each carries one
/// request, and nothing is tried again.
final class Newcomers {
    private static final int PATIENCE_MILLIS = 30_000;

    private Newcomers() {}

    /// @return [Newcomer]s, in the order in which they began
    static JsonArray send(URI target, int amount, Duration pause) {
        try (var pace = Executors.newScheduledThreadPool(1);
                var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            var begun =
                    IntStream.range(0, amount)
                            .mapToObj(i ->
                                    pace.schedule(
                                            () -> callers.submit(() -> call(target)),
                                            pause.toMillis() * i,
                                            TimeUnit.MILLISECONDS))
                            .toList();
            return json(begun);
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", ending);
        } catch (ExecutionException broken) {
            throw new IllegalStateException(broken);
        }
    }

    private static JsonArray json(List<ScheduledFuture<Future<Newcomer>>> begun)
            throws InterruptedException, ExecutionException {
        var json = new JsonArray();
        for (var newcomer : begun) {
            json.add(newcomer.get().get().toJson());
        }
        return json;
    }

    private static Newcomer call(URI target) {
        var began = Instant.now();
        long start = System.nanoTime();
        String error = error(target);
        return new Newcomer(began, Duration.ofNanos(System.nanoTime() - start), error);
    }

    private static String error(URI target) {
        try (var socket = new Socket()) {
            int port = target.getPort() < 0 ? 80 : target.getPort();
            socket.connect(new InetSocketAddress(target.getHost(), port), PATIENCE_MILLIS);
            socket.setSoTimeout(PATIENCE_MILLIS);
            String request =
                    "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                            .formatted(target.getPath(), target.getHost());
            socket.getOutputStream().write(request.getBytes(US_ASCII));
            var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII));
            String status = in.readLine();
            if (status == null) {
                return "closed without an answer";
            }
            return status.startsWith("HTTP/1.1 200") ? "" : status;
        } catch (IOException broken) {
            return broken.toString();
        }
    }
}
