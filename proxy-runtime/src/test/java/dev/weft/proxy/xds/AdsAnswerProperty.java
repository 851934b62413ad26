package dev.weft.proxy.xds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.bootstrap.AdsVariant;
import dev.weft.proxy.bootstrap.ControlPlane;
import dev.weft.proxy.bootstrap.Paths;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.config.Resource;
import dev.weft.proxy.config.Tables;
import dev.weft.proxy.control.ControlThread;
import dev.weft.proxy.identity.CertificateEvents;
import dev.weft.proxy.identity.ControlPlaneDialer;
import dev.weft.proxy.identity.MeshIdentity;
import dev.weft.proxy.state.LastGood;
import dev.weft.proxy.testing.RecordingLoads;
import dev.weft.proxy.worker.EpollLoops;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/// Whatever comes as a response is answered once, with an ACK or with reasons, and what is in force
/// then can be used and told.
public final class AdsAnswerProperty {
    private static final int MAX_REASON_CHARS = 4_100;

    private final Map<ResourceType, List<Resource>> good;
    private final Path folder;
    private final ControlPlaneDialer dialer;

    /// @param good what is in force before
    /// @param folder for the last good configuration
    public AdsAnswerProperty(Map<ResourceType, List<Resource>> good, Path folder) {
        this.good = good;
        this.folder = folder;
        this.dialer =
                new MeshIdentity(
                                Paths.under(folder),
                                new ControlThread(),
                                new MultiThreadIoEventLoopGroup(1, EpollLoops.newFactory()),
                                Clock.systemUTC(),
                                new Random(1),
                                new CertificateEvents() {
                                    @Override
                                    public void certified(String spiffeId, Instant notAfter) {}

                                    @Override
                                    public void refused() {}
                                })
                        .dialer();
    }

    /// What is in force after it.
    public Tables holds(AdsVariant variant, byte[] response) {
        // one for each response, so that no timer outlives it
        try (var control = new ControlThread()) {
            return CompletableFuture.supplyAsync(
                            () -> holds(Variant.of(variant), response, control), control)
                    .join();
        }
    }

    private <Q, R> Tables holds(Variant<Q, R> variant, byte[] response, ControlThread control) {
        var tables = new AtomicReference<>(Tables.EMPTY);
        var store = new ConfigStore(tables::set);
        var configuration = new Configuration(store);
        good.forEach((type, resources) ->
                assertThat(configuration.offer(type, resources, List.of()).byName()).isEmpty());
        var told = new ArrayList<String>();
        var client = client(configuration, control, told);
        var link =
                new Link(
                        new ControlPlane("r", "h", 1, null, Node.getDefaultInstance()),
                        Node.getDefaultInstance(),
                        dialer,
                        control,
                        new Random(1),
                        client);
        var streams = new ArrayList<AdsStream<Q, R>>();
        var stream =
                new AdsStream<>(
                        Node.getDefaultInstance(),
                        variant,
                        new AdsStream.Events() {
                            @Override
                            public void response(Update update) {
                                client.response(link, streams.getFirst(), update);
                            }

                            @Override
                            public void ended(Status status) {}
                        });
        streams.add(stream);
        var channel = new HandFedChannel();
        stream.open(channel);
        client.opened(link, stream);
        var asked = channel.requests.size();
        try {
            channel.feed(response);
        } catch (StatusRuntimeException malformed) {
            // it does not come so far
            return tables.get();
        }
        assertThat(told).hasSize(1);
        var answers = channel.requests.subList(asked, channel.requests.size());
        assertThat(answers).isNotEmpty();
        answers.forEach(AdsAnswerProperty::saysWhy);
        assertThat(store.dump()).startsWith("{");
        return tables.get();
    }

    private AdsClient client(
            Configuration configuration, ControlThread control, List<String> told) {
        return new AdsClient(
                configuration,
                new LastGood(folder.resolve("last-good"), control),
                _ -> Node.getDefaultInstance(),
                dialer,
                control,
                new Random(1),
                new XdsEvents() {
                    @Override
                    public void accepted(ResourceType type) {
                        told.add("accepted");
                    }

                    @Override
                    public void refused(String typeUrl) {
                        told.add("refused");
                    }

                    @Override
                    public void ignored(ResourceType type) {
                        told.add("ignored");
                    }

                    @Override
                    public void connected(String revision) {}

                    @Override
                    public void disconnected(String revision) {}
                },
                new LoadReporter(new RecordingLoads(), control, new Random(1)));
    }

    private static void saysWhy(Object request) {
        var refusal =
                switch (request) {
                    case DeltaDiscoveryRequest it ->
                            it.hasErrorDetail() ? it.getErrorDetail() : null;
                    case DiscoveryRequest it -> it.hasErrorDetail() ? it.getErrorDetail() : null;
                    default -> throw new AssertionError(request);
                };
        if (refusal != null) {
            assertThat(refusal.getMessage())
                    .isNotBlank()
                    .hasSizeLessThan(MAX_REASON_CHARS)
                    .doesNotContain("the proxy failed on it");
        }
    }
}
