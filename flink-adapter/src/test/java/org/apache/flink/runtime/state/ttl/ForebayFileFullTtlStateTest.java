package org.apache.flink.runtime.state.ttl;

class ForebayFileFullTtlStateTest extends ForebayTtlStateTestBase {
    ForebayFileFullTtlStateTest() {
        super(true, false);
    }
}
