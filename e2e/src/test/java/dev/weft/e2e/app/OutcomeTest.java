package dev.weft.e2e.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OutcomeTest {
    private final Schedule.Planned request =
            new Schedule.Planned(4, Protocol.HTTP1, "web", false, true);
    private final RequestId id = new RequestId("client", 4);

    @Test
    void right_is_the_wanted_service_protocol_id_and_body_in_time() {
        assertThat(judge("web", "HTTP/1.1", "client:4", "body of 4", 12).failure()).isEmpty();
    }

    @Test
    void another_service_fails() {
        assertThat(judge("orders", "HTTP/1.1", "client:4", "body of 4", 12).failure())
                .hasValueSatisfying(why -> assertThat(why).contains("answered by orders"));
    }

    @Test
    void another_protocol_fails() {
        assertThat(judge("web", "HTTP/2", "client:4", "body of 4", 12).failure()).isPresent();
    }

    @Test
    void the_answer_to_another_request_fails() {
        assertThat(judge("web", "HTTP/1.1", "client:5", "body of 4", 12).failure()).isPresent();
    }

    @Test
    void another_body_fails() {
        assertThat(judge("web", "HTTP/1.1", "client:4", "", 12).failure()).isPresent();
    }

    @Test
    void more_than_five_seconds_fails() {
        assertThat(judge("web", "HTTP/1.1", "client:4", "body of 4", 5000).failure()).isEmpty();
        assertThat(judge("web", "HTTP/1.1", "client:4", "body of 4", 5001).failure()).isPresent();
    }

    @Test
    void another_status_fails() {
        var outcome =
                Outcome.judge(
                        request, id, true, new Result.Answered(503, "no"), Duration.ofMillis(1));

        assertThat(outcome.failure()).contains("status 503: no");
    }

    private Outcome judge(
            String service, String protocol, String answeredId, String body, long millis) {
        var answer =
                new EchoAnswer(
                        "pod",
                        service,
                        "v1",
                        true,
                        protocol,
                        answeredId,
                        false,
                        Optional.empty(),
                        body);
        return Outcome.judge(
                request,
                id,
                true,
                new Result.Answered(200, answer.toJson()),
                Duration.ofMillis(millis));
    }
}
