// Package lamp: raw strings and runes. Nothing here is built.
package lamp

import (
	"fmt" // printing
	str "strings"
)

/* a block comment
   with "quotes" and `ticks` */
const raw = `a "raw" string \ // no comment
over lines { (`
const quoted = "a `tick` and \"quotes\" /* no */"

var runes = []rune{'"', '\'', '`', '{', '\\', '\u65e5', '日'}

type Lamp struct {
	Name  string `json:"name,omitempty"`
	Marks map[string][]int // by place
}

func (l *Lamp) Light(hours ...int) (sum int, err error) {
	defer func() { recover() }()
	for i, h := range hours {
		if h > 24 || l.Marks["x//y"] == nil { // don't
			return 0, fmt.Errorf("hour %d: %q // bad", h, l.Name)
		}
		sum += h / 2 / (i + 1) /* halves */
	}
	switch x := interface{}(l).(type) {
	case *Lamp:
		_ = str.Map(func(r rune) rune { return r }, x.Name+"\\")
	}
	return
}
