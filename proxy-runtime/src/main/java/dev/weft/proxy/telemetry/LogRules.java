package dev.weft.proxy.telemetry;

import java.util.List;

/// The access logs of one filter chain.
///
/// @param rules none: the default line, to standard output
/// @param headers those that the formats name
public record LogRules(List<LogRule> rules, List<HeaderValues.Wanted> headers) {
    public static final LogRules DEFAULT = new LogRules(List.of(), List.of());

    public LogRules {
        rules = List.copyOf(rules);
        headers = List.copyOf(headers);
    }

    public boolean isDefault() {
        return rules.isEmpty();
    }

    /// Whether any line is written for this.
    boolean take(LogEntry entry) {
        for (var rule : rules) {
            if (rule.filter().passes(entry)) {
                return true;
            }
        }
        return false;
    }
}
