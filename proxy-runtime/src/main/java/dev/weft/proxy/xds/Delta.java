package dev.weft.proxy.xds;

import dev.weft.proxy.config.Resource;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceStub;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Optional;

/// The incremental protocol. Each resource has its own version, so there is nothing to remember: a
/// stream begins with the versions in force.
final class Delta implements Variant<DeltaDiscoveryRequest, DeltaDiscoveryResponse> {
    @Override
    public void open(
            AggregatedDiscoveryServiceStub ads,
            ClientResponseObserver<DeltaDiscoveryRequest, DeltaDiscoveryResponse> stream) {
        ads.deltaAggregatedResources(stream);
    }

    @Override
    public DeltaDiscoveryRequest introduced(DeltaDiscoveryRequest request, Node node) {
        return request.toBuilder().setNode(node).build();
    }

    @Override
    public Optional<DeltaDiscoveryRequest> subscribe(Subscription subscription) {
        return Optional.of(
                DeltaDiscoveryRequest.newBuilder()
                        .setTypeUrl(subscription.type().typeUrl())
                        .addAllResourceNamesSubscribe(subscription.more())
                        .addAllResourceNamesUnsubscribe(subscription.fewer())
                        .putAllInitialResourceVersions(subscription.versions())
                        .build());
    }

    @Override
    public Update read(DeltaDiscoveryResponse response) {
        var changed = new ArrayList<Resource>();
        var heartbeats = new ArrayList<Heartbeat>();
        for (var sent : response.getResourcesList()) {
            if (sent.hasResource()) {
                changed.add(Resource.of(sent));
            } else {
                heartbeats.add(Heartbeat.of(sent));
            }
        }
        return new Update(
                response.getTypeUrl(),
                response.getSystemVersionInfo(),
                response.getNonce(),
                changed,
                Collections.emptySortedMap(),
                heartbeats,
                response.getRemovedResourcesList(),
                false);
    }

    @Override
    public DeltaDiscoveryRequest answer(Update update, Optional<String> refusal) {
        var answer =
                DeltaDiscoveryRequest.newBuilder()
                        .setTypeUrl(update.typeUrl())
                        .setResponseNonce(update.nonce());
        refusal.ifPresent(why -> answer.setErrorDetail(Variant.refusal(why)));
        return answer.build();
    }

    @Override
    public boolean repeats(Update update) {
        // a server sends again what it wants to know more of
        return false;
    }

    @Override
    public boolean tellsAbsence() {
        return true;
    }

    @Override
    public void forget() {
        // the next stream tells what is in force
    }
}
