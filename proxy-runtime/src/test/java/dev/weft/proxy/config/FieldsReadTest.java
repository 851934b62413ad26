package dev.weft.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import java.util.Collection;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// [FieldRules] says what the code does: the proxy's bytecode reads what is called honoured, and
/// nothing else, and what is below it is judged too.
class FieldsReadTest {
    private static final String HCM =
            "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.";
    private static final String TCP = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.";
    private static final String REFUSED_WITH_A_LOG =
            "to refuse it where there is an access log, without which it means nothing";

    /// Honoured, and not read.
    private static final Map<String, String> WITHOUT_MEANING =
            Map.of(
                    "envoy.config.core.v3.TypedExtensionConfig.name",
                    "for people to read, as in Envoy");

    /// Read, and not honoured.
    private static final Map<String, String> READ =
            Map.of(
                    HCM + "access_log_flush_interval",
                    REFUSED_WITH_A_LOG,
                    HCM + "access_log_options",
                    REFUSED_WITH_A_LOG,
                    HCM + "flush_access_log_on_new_request",
                    REFUSED_WITH_A_LOG,
                    TCP + "access_log_flush_interval",
                    REFUSED_WITH_A_LOG,
                    TCP + "access_log_options",
                    REFUSED_WITH_A_LOG,
                    TCP + "flush_access_log_on_connected",
                    REFUSED_WITH_A_LOG);

    /// Not of Envoy's API.
    private static final Map<String, String> READ_BY_NAME =
            Map.of("com.github.xds.type.v3.TypedStruct", "its fields are a map's keys");

    private final GettersCalled called = GettersCalled.ofProxy();

    @Test
    void what_is_honoured_is_read() throws Exception {
        var unread = new TreeSet<String>();
        for (var type : FieldRules.all().keySet()) {
            for (var field : honoured(type)) {
                if (!called.heeds(field)) {
                    unread.add(field.getFullName());
                }
            }
        }

        assertThat(unread).isEqualTo(WITHOUT_MEANING.keySet());
    }

    @Test
    void what_is_not_honoured_is_not_read() throws Exception {
        var read = new TreeSet<String>();
        for (var type : FieldRules.all().keySet()) {
            var honoured = honoured(type);
            for (var field : MessageTypes.of(type).getFields()) {
                if (!honoured.contains(field) && called.reads(field)) {
                    read.add(field.getFullName());
                }
            }
        }

        assertThat(read).isEqualTo(READ.keySet());
    }

    @Test
    void what_an_honoured_field_holds_is_judged_too() throws Exception {
        var unjudged = new TreeSet<String>();
        for (var type : FieldRules.all().keySet()) {
            for (var field : honoured(type)) {
                if (field.getJavaType() == JavaType.MESSAGE
                        && !FieldCheck.isWhole(field.getMessageType())
                        && FieldRules.of(field.getMessageType().getFullName()) == null) {
                    unjudged.add(field.getFullName());
                }
            }
        }

        assertThat(unjudged).isEmpty();
    }

    @Test
    void what_is_unpacked_is_judged_too() {
        var unjudged = new TreeSet<>(called.unpacked());
        unjudged.removeIf(type -> FieldRules.of(type) != null);

        assertThat(called.unpacked()).hasSizeGreaterThan(10);
        assertThat(unjudged).isEqualTo(READ_BY_NAME.keySet());
    }

    private static Collection<FieldDescriptor> honoured(String type)
            throws ReflectiveOperationException {
        var rules = FieldRules.of(type);
        return MessageTypes.of(type).getFields().stream()
                .filter(field -> rules != null && rules.honoured().contains(field.getName()))
                .toList();
    }
}
