package dev.weft.e2e.app;

import java.util.Map;

/// Makes a [Pace] whose protocols are all alike.
public final class Paces {
    /// Requests of each protocol.
    public record Second(int kept, int fresh) {}

    private Paces() {}

    public static Pace of(Map<Long, Second> seconds) {
        var pace = new Pace();
        seconds.forEach((second, requests) -> {
            for (var protocol : Protocol.values()) {
                for (int i = 0; i < requests.kept() + requests.fresh(); i++) {
                    pace.sent(protocol, i < requests.fresh(), second * 1000 + i);
                }
            }
        });
        return pace;
    }
}
