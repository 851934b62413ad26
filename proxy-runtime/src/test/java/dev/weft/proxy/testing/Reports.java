package dev.weft.proxy.testing;

import com.google.protobuf.util.Durations;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterStats;
import io.envoyproxy.envoy.service.load_stats.v3.LoadReportingServiceGrpc;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsRequest;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// Takes load reports, ten in a second.
public final class Reports extends LoadReportingServiceGrpc.LoadReportingServiceImplBase {
    public final List<LoadStatsRequest> requests = new CopyOnWriteArrayList<>();
    public final List<StreamObserver<LoadStatsResponse>> open = new CopyOnWriteArrayList<>();

    /// Empty: all.
    public volatile List<String> asked = List.of();

    @Override
    public StreamObserver<LoadStatsRequest> streamLoadStats(StreamObserver<LoadStatsResponse> out) {
        ((ServerCallStreamObserver<LoadStatsResponse>) out)
                .setOnCancelHandler(() -> open.remove(out));
        open.add(out);
        return new StreamObserver<>() {
            @Override
            public void onNext(LoadStatsRequest request) {
                requests.add(request);
                if (request.hasNode()) {
                    ask(out);
                }
            }

            @Override
            public void onError(Throwable failure) {
                open.remove(out);
            }

            @Override
            public void onCompleted() {
                open.remove(out);
                out.onCompleted();
            }
        };
    }

    private void ask(StreamObserver<LoadStatsResponse> out) {
        out.onNext(
                LoadStatsResponse.newBuilder()
                        .setSendAllClusters(asked.isEmpty())
                        .addAllClusters(asked)
                        .setReportEndpointGranularity(true)
                        .setLoadReportingInterval(Durations.fromMillis(100))
                        .build());
    }

    /// Ends all streams.
    public void abort() {
        for (var out : open) {
            open.remove(out);
            out.onError(Status.UNAVAILABLE.asRuntimeException());
        }
    }

    /// All that was told of a cluster.
    public List<ClusterStats> of(String cluster) {
        return requests.stream()
                .flatMap(request -> request.getClusterStatsList().stream())
                .filter(stats -> stats.getClusterName().equals(cluster))
                .toList();
    }
}
