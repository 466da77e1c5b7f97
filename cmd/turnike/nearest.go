package main

// nearest is the word that was probably meant, or "" when none is close.
func nearest(typed string, words []string) string {
	const most = 3 // changes of one letter
	best, least := "", most+1
	for _, word := range words {
		if d := distance(typed, word, least); d < least {
			best, least = word, d
		}
	}
	return best
}

// distance is the Levenshtein distance of a and b, or at least bound when it is
// not below that.
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
