package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.key.ValueKind;
import io.forebay.store.values.ValueShare;
import java.util.List;
import org.junit.jupiter.api.Test;

class SupersededTotalsTest {
    private static final ValueShare PLAIN = new ValueShare(0, 1, 1 << 20, 60, 1000, null);
    private static final ValueShare ENCRYPTED = new ValueShare(0, 2, 1 << 20, 60, 1000, "key");

    private final SupersededTotals totals = new SupersededTotals();

    private void first(byte kind, int valueLength) {
        totals.add(false, kind, 10, valueLength);
    }

    private void older(byte kind, int valueLength) {
        totals.add(true, kind, 10, valueLength);
    }

    private Superseded total() {
        return totals.total(5000, List.of(PLAIN, ENCRYPTED));
    }

    @Test
    void whatIsOfUseIsNotCounted() {
        first(ValueKind.PUT, 100);
        first(ValueKind.MERGE, 100);
        first(ValueKind.REFERENCE, 6);
        totals.reference(0, 700);
        assertThat(total()).isNull();
    }

    @Test
    void aValueOrADeleteHidesAllThatIsOlder() {
        first(ValueKind.PUT, 1);
        older(ValueKind.PUT, 20);
        older(ValueKind.MERGE, 30);
        older(ValueKind.DELETE, 0);
        assertThat(total()).isEqualTo(new Superseded(5000, 10 + 20 + 10 + 30 + 10, 0, 0));
        first(ValueKind.DELETE, 0);
        older(ValueKind.PUT, 40);
        assertThat(total()).isEqualTo(new Superseded(5000, 80 + 10 + 40, 0, 10));
    }

    @Test
    void anOperandNeedsWhatIsBelowIt() {
        first(ValueKind.MERGE, 1);
        older(ValueKind.MERGE, 2);
        older(ValueKind.PUT, 4);
        assertThat(total()).isNull();
        older(ValueKind.PUT, 8);
        assertThat(total()).isEqualTo(new Superseded(5000, 10 + 8, 0, 0));
    }

    @Test
    void valuesInValueFilesCountAsTheyAreStored() {
        first(ValueKind.PUT, 1);
        older(ValueKind.REFERENCE, 5);
        totals.reference(0, 700);
        older(ValueKind.REFERENCE, 6);
        totals.reference(1, 300);
        assertThat(total()).isEqualTo(new Superseded(5000, 10 + 5 + 10 + 6, 700 + 4 + 300 + 16, 0));
    }

    @Test
    void aRangeDeleteHidesTheLastEntryOnce() {
        first(ValueKind.REFERENCE, 5);
        totals.reference(0, 700);
        totals.covered();
        totals.covered();
        assertThat(total()).isEqualTo(new Superseded(5000, 15, 704, 0));
        first(ValueKind.DELETE, 0);
        totals.covered();
        assertThat(total()).isEqualTo(new Superseded(5000, 25, 704, 0));
        older(ValueKind.PUT, 1);
        totals.covered();
        assertThat(total()).isEqualTo(new Superseded(5000, 36, 704, 0));
    }
}
