package dev.weft.benchmarks.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class TemplateTest {
    @Test
    void names_are_filled_in() {
        assertThat(Template.fill("port: ${port}, ${port}", Map.of("port", "$1")))
                .isEqualTo("port: $1, $1");
    }

    @Test
    void a_name_without_a_value_is_told() {
        assertThatThrownBy(() -> Template.fill("${core}", Map.of()))
                .hasMessageContaining("${core} has no value");
    }
}
