//go:build race

package harness

// raceDetector makes the binary under test be built like the tests are.
const raceDetector = true
