/** Ferry: text blocks and characters. Nothing here is built. */
package ferry; // one boat

import java.util.*; /* all of it */

public final class Ferry<T extends Comparable<T>> {
    private static final String TEXT = """
        A block with "quotes", // no comment
        and \""" three of them, { brackets (
        """;
    private final char[] marks = {'"', '\'', '\\', '{', '\u0041'};
    @SuppressWarnings({"unchecked", "raw//types"})
    /* package */ int cross(List<? super T> who, int[][] seats) throws Exception {
        // it's a line comment "with" quotes
        for (T one : new ArrayList<T>()) {
            if (seats[0][(1 + 2) % 3] > 0 && one != null) { /* ( */
                System.out.println("to " + one + "\t\"quoted\" /* no */");
            }
        }
        return seats.length / 2 / 1; // halves
    }
    /** Doc with {@code "code"} and a URL http://ferry.example. */
    String name() { return "" + "a" + 'b' + "\\"; }
    Runnable later = () -> { class Inner { int[] x = {1, 2}; } };
    /**/ int empty; /***/
}
