package dev.weft.proxy.xds;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A channel at whose other end is the test: it takes note of requests, and gives the bytes of
/// responses to the last call.
final class HandFedChannel extends Channel {
    final List<Object> requests = new ArrayList<>();

    private @Nullable Consumer<byte[]> responses;

    /// @throws io.grpc.StatusRuntimeException they are none of the call's responses
    void feed(byte[] response) {
        if (responses == null) {
            throw new IllegalStateException("there is no call");
        }
        responses.accept(response);
    }

    @Override
    public <Q, R> ClientCall<Q, R> newCall(MethodDescriptor<Q, R> method, CallOptions options) {
        return new ClientCall<>() {
            @Override
            public void start(Listener<R> listener, Metadata headers) {
                responses =
                        bytes ->
                                listener.onMessage(
                                        method.parseResponse(new ByteArrayInputStream(bytes)));
            }

            @Override
            public void request(int messages) {}

            @Override
            public void cancel(@Nullable String message, @Nullable Throwable cause) {}

            @Override
            public void halfClose() {}

            @Override
            public void sendMessage(Q request) {
                requests.add(request);
            }
        };
    }

    @Override
    public String authority() {
        return "test";
    }
}
