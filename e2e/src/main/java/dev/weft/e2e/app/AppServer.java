package dev.weft.e2e.app;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// The server's shape: HTTP, gRPC and TCP ports, one list of seen ids, and the way it ends.
///
/// At SIGTERM it closes its listeners at once, serves what is open with `Connection: close` or
/// GOAWAY, hands its last ids to the recorder and is gone within about two seconds.
final class AppServer implements AutoCloseable {
    static final int HTTP_PORT = 8080;
    static final int GRPC_PORT = 9090;
    static final int ECHO_PORT = 9100;
    static final int GREETING_PORT = 9101;

    /// Listens on localhost only.
    static final int LOCALHOST_PORT = 9102;

    /// Echoes over TLS of its own.
    static final int TLS_PORT = 9103;

    private static final Duration LINGER = Duration.ofMillis(1300);

    private final EventLoopGroup loops;
    private final Draining draining;
    private final HttpPort http;
    private final GrpcPort grpc;
    private final TcpPort echo;
    private final TcpPort greeting;

    private AppServer(
            EventLoopGroup loops,
            Draining draining,
            HttpPort http,
            GrpcPort grpc,
            TcpPort echo,
            TcpPort greeting) {
        this.loops = loops;
        this.draining = draining;
        draining.closesListeners(this::closeListeners);
        this.http = http;
        this.grpc = grpc;
        this.echo = echo;
        this.greeting = greeting;
    }

    /// Starts the ports; 0 lets the system choose one.
    static AppServer start(
            AppSettings settings,
            SeenRequests seen,
            LoadControl control,
            int http,
            int grpc,
            int echo,
            int greeting)
            throws Exception {
        var loops = new NioEventLoopGroup(2, new DefaultThreadFactory("app", true));
        // HTTP last: readiness is asked there, and stands for all ports.
        var draining = new Draining();
        var grpcPort = GrpcPort.open(grpc, settings, seen);
        var echoPort = TcpPort.echo(loops, echo);
        var greetingPort = TcpPort.greeting(loops, greeting);
        var httpPort = HttpPort.open(loops, http, settings, seen, control, draining);
        return new AppServer(loops, draining, httpPort, grpcPort, echoPort, greetingPort);
    }

    int httpPort() {
        return http.port();
    }

    int grpcPort() {
        return grpc.port();
    }

    int echoPort() {
        return echo.port();
    }

    int greetingPort() {
        return greeting.port();
    }

    /// Closes the listeners; what is open is served on.
    void drain() {
        draining.begin();
    }

    private void closeListeners() {
        http.drain();
        grpc.drain();
        echo.drain();
        greeting.drain();
    }

    @Override
    public void close() {
        drain();
        grpc.stop();
        loops.shutdownGracefully(0, 0, TimeUnit.SECONDS);
    }

    /// The first requests to it are not to wait for classes to be loaded. On ports that nobody
    /// knows: whoever finds one of its own ports open finds all of them open.
    private static void rehearse(AppSettings settings) throws Exception {
        var seen = new SeenRequests(settings.pod() + "-rehearsal");
        try (var rehearsal = start(settings, seen, LoadControl.NONE, 0, 0, 0, 0)) {
            FirstCalls.grpc(rehearsal.grpcPort());
            FirstCalls.http2(rehearsal.httpPort());
        }
    }

    static void run(AppSettings settings) throws Exception {
        rehearse(settings);
        var seen = new SeenRequests(settings.pod() + "-" + UUID.randomUUID());
        var server =
                start(
                        settings,
                        seen,
                        LoadControl.NONE,
                        HTTP_PORT,
                        GRPC_PORT,
                        ECHO_PORT,
                        GREETING_PORT);
        var recording = settings.recorder().map(RecorderClient::new);
        recording.ifPresent(recorder ->
                Thread.ofVirtual().name("recorder").start(() -> flushEverySecond(recorder, seen)));
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(() -> {
                            server.drain();
                            pause(LINGER);
                            recording.ifPresent(recorder -> flushAtExit(recorder, seen));
                        }));
        TcpPort.localhostEcho(server.loops, LOCALHOST_PORT);
        TcpPort.tlsEcho(server.loops, TLS_PORT);
        System.out.println(settings.pod() + " serves");
        new CountDownLatch(1).await();
    }

    private static void flushEverySecond(RecorderClient recorder, SeenRequests seen) {
        while (true) {
            recorder.flush(seen);
            pause(Duration.ofSeconds(1));
        }
    }

    private static void flushAtExit(RecorderClient recorder, SeenRequests seen) {
        for (int attempt = 0; attempt < 20 && !recorder.flush(seen); attempt++) {
            pause(Duration.ofMillis(250));
        }
    }

    private static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        }
    }
}
