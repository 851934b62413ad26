package dev.weft.proxy.route;

import java.util.random.RandomGenerator;

/// How many of so many: Envoy's `FractionalPercent`.
public record Fraction(int numerator, int denominator) {
    public static final Fraction NEVER = new Fraction(0, 100);
    public static final Fraction ALWAYS = new Fraction(100, 100);

    public boolean hits(RandomGenerator random) {
        return numerator >= denominator
                || (numerator > 0 && random.nextInt(denominator) < numerator);
    }

    /// The same of less.
    public Fraction atMost(int numerator) {
        return numerator >= this.numerator ? this : new Fraction(numerator, denominator);
    }
}
