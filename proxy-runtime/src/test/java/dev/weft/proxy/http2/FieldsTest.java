package dev.weft.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.AsciiString;
import org.junit.jupiter.api.Test;

class FieldsTest {
    private final Fields fields = new Fields();

    @Test
    void names_are_found_in_any_case_and_kept_in_lower_case() {
        fields.add("Content-Type", "a/b");

        assertThat(fields.get("CONTENT-type")).isEqualTo("a/b");
        assertThat(fields.contains(AsciiString.of("content-type"))).isTrue();
        assertThat(fields.names()).containsExactly("content-type");
    }

    @Test
    void fields_of_one_name_keep_their_order() {
        fields.add("a", "1").add("b", "2").add("A", 3);

        assertThat(fields.getAll("a")).containsExactly("1", "3");
        assertThat(fields.entries())
                .extracting(Object::toString)
                .containsExactly("a=1", "b=2", "a=3");
    }

    @Test
    void set_leaves_one_in_the_place_of_the_first() {
        fields.add("a", "1").add("b", "2").add("a", "3").add("a", "4").set("a", "5");

        assertThat(fields.entries()).extracting(Object::toString).containsExactly("a=5", "b=2");
    }

    @Test
    void remove_takes_all_of_a_name() {
        fields.add("a", "1").add("b", "2").add("a", "3").add("c", "4").remove("A");

        assertThat(fields.entries()).extracting(Object::toString).containsExactly("b=2", "c=4");
        assertThat(fields.remove("none").size()).isEqualTo(2);
    }

    @Test
    void there_is_room_for_any_number() {
        for (int i = 0; i < 100; i++) {
            fields.add("n" + i, Integer.toString(i));
        }

        assertThat(fields.get("n99")).isEqualTo("99");
        assertThat(fields.size()).isEqualTo(100);
    }

    @Test
    void a_copy_is_its_own() {
        fields.add("a", "1");
        var copy = fields.copy();
        copy.set("a", "2").add("b", "3");

        assertThat(fields.get("a")).isEqualTo("1");
        assertThat(fields.size()).isEqualTo(1);
        assertThat(copy.get("b")).isEqualTo("3");
    }

    @Test
    void a_value_of_a_list_is_found() {
        fields.add("te", "gzip, Trailers");

        assertThat(fields.containsValue("te", "trailers", true)).isTrue();
        assertThat(fields.containsValue("te", "trail", true)).isFalse();
        assertThat(fields.contains("te", "GZIP, trailers", true)).isTrue();
    }
}
