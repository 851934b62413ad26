package dev.weft.proxy.identity;

import com.google.protobuf.StringValue;
import dev.weft.proxy.bootstrap.ControlPlane;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.grpc.stub.StreamObserver;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/// A program that calls a port where nobody answers, and prints how many sockets still try to get
/// connected once the call has failed.
final class RefusedDial {
    private static final String SYN_SENT = "02";

    private RefusedDial() {}

    public static void main(String[] arguments) throws Exception {
        var loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        var dialer =
                new ControlPlaneDialer(
                        Path.of("no-token"),
                        loops,
                        Runnable::run,
                        Optional::empty,
                        Optional::empty);
        var failed = new CountDownLatch(1);
        var target =
                new ControlPlane(
                        "nobody",
                        "127.0.0.1",
                        Integer.parseInt(arguments[0]),
                        null,
                        Node.getDefaultInstance());
        var connection = dialer.dial(target);
        CertificateService.sign(
                connection.calls(),
                new byte[0],
                new StreamObserver<>() {
                    @Override
                    public void onNext(StringValue chain) {}

                    @Override
                    public void onError(Throwable failure) {
                        failed.countDown();
                    }

                    @Override
                    public void onCompleted() {}
                });
        failed.await();
        connection.close();
        loops.submit(() -> {}).sync();
        System.out.println("connecting: " + connecting());
        loops.shutdownGracefully();
    }

    private static long connecting() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/net/tcp6")).stream()
                .filter(line -> line.strip().split("\\s+")[3].equals(SYN_SENT))
                .count();
    }
}
