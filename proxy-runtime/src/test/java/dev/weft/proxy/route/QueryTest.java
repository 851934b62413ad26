package dev.weft.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QueryTest {
    @ParameterizedTest
    @CsvSource({
        "debug=1, 1",
        "a=2&debug=1, 1",
        "debug=1&debug=2, 1",
        "debug, ''",
        "debug=, ''",
        "debug&a=1, ''",
        "debug=a=b, a=b",
        "&&debug=1, 1",
        "%64ebug=%31, 1",
        "d%65bug, ''",
        "=1&debug=2, 2",
        "debug=%, %",
        "debugger=1&debug=2, 2",
        "a=debug, ",
        "a&b=debug=1, ",
        "Debug=1, ",
        "debug;=1, ",
        "'', "
    })
    void the_first_value_counts(String query, String value) {
        assertThat(Query.first(query, "debug")).isEqualTo(value);
    }

    /// Whoever stops somewhere is evaded by who puts something in front.
    @ParameterizedTest
    @ValueSource(strings = {"&", "a&", "a=1&", "%61&", "=&"})
    void parameters_are_found_however_many_there_are(String before) {
        assertThat(Query.first(before.repeat(20_000) + "debug=1", "debug")).isEqualTo("1");
    }

    @Test
    void the_time_grows_with_the_length_alone() {
        var names = "a&".repeat(2_000_000);

        assertTimeout(Duration.ofSeconds(5), () -> Query.first(names, "debug"));
    }

    @Test
    void a_parameter_without_a_name_is_one_unless_it_is_empty() {
        assertThat(Query.first("=1", "")).isEqualTo("1");
        assertThat(Query.first("a&&b", "")).isNull();
    }
}
