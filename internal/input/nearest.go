package input

import "strings"

// Nearest returns the word that was probably meant, or "" when none is close.
func Nearest(typed string, words []string) string {
	const most = 3 // changes of one letter
	best, least := "", most+1
	for _, word := range words {
		if d := distance(typed, word, least); d < least {
			best, least = word, d
		}
	}
	return best
}

// Mistyped returns the word that was typed with one mistake: one letter too many,
// missing or wrong, or two letters swapped. A different last letter or digit is no
// mistake, because names such as team-a and team-b differ in just that.
func Mistyped(typed string, words []string) string {
	for _, word := range words {
		if typed == word || len(word) < 4 {
			continue
		}
		front := 0
		for front < min(len(typed), len(word)) && typed[front] == word[front] {
			front++
		}
		a, b := typed[front:], word[front:]
		for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
			a, b = a[:len(a)-1], b[:len(b)-1]
		}
		atEnd := front+max(len(a), len(b)) >= max(len(typed), len(word))
		one := len(a) <= 1 && len(b) <= 1
		swapped := len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
		meant := atEnd && (len(a) == len(b) || len(word) < 6)
		if (one || swapped) && !meant && !strings.ContainsAny(a+b, "0123456789") {
			return word
		}
	}
	return ""
}

// distance returns the Levenshtein distance of a and b, or a number that is at
// least bound when the distance is.
func distance(a, b string, bound int) int {
	if max(len(a), len(b))-min(len(a), len(b)) >= bound {
		return bound
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
