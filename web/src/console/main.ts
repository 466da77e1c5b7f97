import { mount } from 'svelte';
import { given, speak } from '../copy/text.svelte';
import Console from './Console.svelte';

await speak(given());
mount(Console, { target: document.getElementById('page')! });
