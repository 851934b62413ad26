package dev.weft.e2e.app;

import java.time.Duration;
import java.util.Optional;

/// A request, judged.
///
/// @param failure why it failed; empty if it was answered right
/// @param meshed whether both client and server are meshed pods
/// @param peer the client's SPIFFE id as the server saw it
/// @param version of the server that answered
record Outcome(
        Schedule.Planned request,
        Optional<String> failure,
        Duration latency,
        boolean meshed,
        Optional<String> peer,
        String version) {
    static final Duration LIMIT = Duration.ofSeconds(5);

    /// Right is: 200, in time, from the right Service over the right protocol, with the id and the
    /// body that were sent.
    static Outcome judge(
            Schedule.Planned request,
            RequestId id,
            boolean clientMeshed,
            Result result,
            Duration latency) {
        return switch (result) {
            case Result.Broken(var why) -> failed(request, latency, why);
            case Result.Answered(var status, var body) when status != 200 ->
                    failed(request, latency, "status " + status + ": " + start(body));
            case Result.Answered(_, var body) -> answered(request, id, clientMeshed, body, latency);
        };
    }

    private static Outcome answered(
            Schedule.Planned request,
            RequestId id,
            boolean clientMeshed,
            String body,
            Duration latency) {
        EchoAnswer answer;
        try {
            answer = EchoAnswer.parse(body);
        } catch (RuntimeException notJson) {
            return failed(request, latency, "unexpected body: " + start(body));
        }
        return new Outcome(
                request,
                mistake(request, id, answer, latency),
                latency,
                clientMeshed && answer.meshed(),
                answer.peer(),
                answer.version());
    }

    private static Optional<String> mistake(
            Schedule.Planned request, RequestId id, EchoAnswer answer, Duration latency) {
        if (!answer.service().equals(request.service())) {
            return Optional.of("answered by " + answer.service() + " (" + answer.pod() + ")");
        }
        if (!answer.protocol().equals(request.protocol().label())) {
            return Optional.of("arrived as " + answer.protocol());
        }
        if (!answer.id().equals(id.toString())) {
            return Optional.of("answer to another request: " + answer.id());
        }
        if (!answer.body().equals(request.body())) {
            return Optional.of("the body came back as: " + start(answer.body()));
        }
        if (latency.compareTo(LIMIT) > 0) {
            return Optional.of("took " + latency.toMillis() + " ms");
        }
        return Optional.empty();
    }

    private static Outcome failed(Schedule.Planned request, Duration latency, String why) {
        return new Outcome(request, Optional.of(why), latency, false, Optional.empty(), "");
    }

    private static String start(String text) {
        return text.substring(0, Math.min(text.length(), 120));
    }

    /// Whether the call went over mutual TLS.
    boolean mtls() {
        return peer.isPresent();
    }
}
