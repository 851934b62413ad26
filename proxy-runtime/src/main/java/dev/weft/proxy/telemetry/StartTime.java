package dev.weft.proxy.telemetry;

import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;

/// When a request or a connection began, as `START_TIME(...)` asks for it. In UTC.
public record StartTime(List<Part> parts) implements LogValue {
    private static final int NANO_DIGITS = 9;

    /// What is written of the time, or between.
    public sealed interface Part permits Unit, Fraction, Words {}

    enum Unit implements Part {
        YEAR,
        MONTH,
        DAY,
        HOUR,
        MINUTE,
        SECOND,
        EPOCH_SECOND
    }

    /// Of the second.
    record Fraction(int digits, int nanosPerDigit) implements Part {
        static Fraction of(int digits) {
            var nanos = 1;
            for (int i = digits; i < NANO_DIGITS; i++) {
                nanos *= 10;
            }
            return new Fraction(digits, nanos);
        }
    }

    record Words(String text) implements Part {}

    public StartTime {
        parts = List.copyOf(parts);
    }

    /// @param pattern with `%Y %m %d %H %M %S`, `%F` and `%T` for three of them, `%s` for seconds
    ///   since 1970, `%f` or `%1f` to `%9f` for a second's fraction, and `%z` and `%Z`
    /// @throws IllegalArgumentException for any other
    public static StartTime of(String pattern) {
        var parts = new ArrayList<Part>();
        for (int i = 0; i < pattern.length(); i++) {
            var c = pattern.charAt(i);
            if (c != '%') {
                parts.add(new Words(String.valueOf(c)));
                continue;
            }
            var what = ++i < pattern.length() ? pattern.charAt(i) : ' ';
            if (what >= '1' && what <= '9' && pattern.startsWith("f", i + 1)) {
                parts.add(Fraction.of(what - '0'));
                i++;
            } else {
                add(what, parts);
            }
        }
        return new StartTime(parts);
    }

    private static void add(char what, List<Part> parts) {
        switch (what) {
            case 'Y' -> parts.add(Unit.YEAR);
            case 'm' -> parts.add(Unit.MONTH);
            case 'd' -> parts.add(Unit.DAY);
            case 'H' -> parts.add(Unit.HOUR);
            case 'M' -> parts.add(Unit.MINUTE);
            case 'S' -> parts.add(Unit.SECOND);
            case 's' -> parts.add(Unit.EPOCH_SECOND);
            case 'f' -> parts.add(Fraction.of(NANO_DIGITS));
            case 'F' -> parts.addAll(of("%Y-%m-%d").parts);
            case 'T' -> parts.addAll(of("%H:%M:%S").parts);
            case 'z' -> parts.add(new Words("+0000"));
            case 'Z' -> parts.add(new Words("UTC"));
            case '%' -> parts.add(new Words("%"));
            default -> throw new IllegalArgumentException("%" + what);
        }
    }

    @Override
    public boolean append(LogEntry entry, LogDetails details, LineBuffer out) {
        var start = entry.start();
        var time = LocalDateTime.ofEpochSecond(start.getEpochSecond(), 0, ZoneOffset.UTC);
        for (var part : parts) {
            switch (part) {
                case Unit.YEAR -> out.number(time.getYear());
                case Unit.MONTH -> out.digits(time.getMonthValue(), 2);
                case Unit.DAY -> out.digits(time.getDayOfMonth(), 2);
                case Unit.HOUR -> out.digits(time.getHour(), 2);
                case Unit.MINUTE -> out.digits(time.getMinute(), 2);
                case Unit.SECOND -> out.digits(time.getSecond(), 2);
                case Unit.EPOCH_SECOND -> out.number(start.getEpochSecond());
                case Fraction(var digits, var nanosPerDigit) ->
                        out.digits(start.getNano() / nanosPerDigit, digits);
                case Words(var text) -> out.text(text);
            }
        }
        return !parts.isEmpty();
    }
}
