package dev.weft.e2e.app;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// `<client>:<sequence>`; sequences are dense from 0.
record RequestId(String client, int sequence) {
    static final String HEADER = "x-request-id";

    static Optional<RequestId> parse(@Nullable String text) {
        if (text == null) {
            return Optional.empty();
        }
        int colon = text.lastIndexOf(':');
        if (colon <= 0) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    new RequestId(
                            text.substring(0, colon), Integer.parseInt(text.substring(colon + 1))));
        } catch (NumberFormatException notOurs) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return client + ":" + sequence;
    }
}
