package io.forebay.bench.scenarios;

/**
 * One scenario at one size.
 *
 * @param rounds timed ones in each fork, after one for warming up
 * @param forks times that all this is done in new JVMs
 */
public record Play(Scenario scenario, Scale scale, int rounds, int forks) {
    public Play {
        if (rounds < 1 || forks < 1) {
            throw new IllegalArgumentException(rounds + " rounds in " + forks + " forks");
        }
    }
}
